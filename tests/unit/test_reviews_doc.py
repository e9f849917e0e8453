"""docs/reviews.md says what is there: files, choices, forms of requests, pinned weights."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.reviews import ACCELERATORS, PIPELINE
from pipelines.spec import ScriptTraining
from stacks.names import PRETRAINED_PREFIX, VOCABULARY

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reviews.md").read_text()


def test_every_path_of_the_page_is_there() -> None:
    paths = re.findall(r"`((?:pipelines|penstock|jobs|requirements)/[\w./-]+)`", TEXT)
    assert len(paths) > 8
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [link for link in re.findall(r"\]\(([\w-]+\.md)\)", TEXT) if not link_there(link)] == []


def link_there(name: str) -> bool:
    return (ROOT / "docs" / name).is_file()


def test_the_table_has_the_choices_and_says_which_is_compiled() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", TEXT, re.MULTILINE)
    assert [name for name, _ in rows] == list(ACCELERATORS)
    for name, compilation in rows:
        assert (compilation == "none") == (ACCELERATORS[name].compilation is None)
    assert next(iter(ACCELERATORS.values())) == PIPELINE  # "the first is meant"


def test_the_forms_of_requests_are_those_of_the_description() -> None:
    forms = re.findall(r"^\| `(\w+/[\w-]+)` \|", TEXT, re.MULTILINE)
    training = PIPELINE.training
    assert isinstance(training, ScriptTraining)
    assert set(forms) == set(training.request_types)


def test_the_weights_are_the_files_that_a_training_looks_for_each_with_its_sum() -> None:
    sums = re.findall(r"^    ([0-9a-f]{64})  (\S+)$", TEXT, re.MULTILINE)
    pinned = {name for _, name in sums}
    (fetched,) = re.findall(r"for name in (.+); do", TEXT)
    assert set(fetched.split()) == pinned
    assert VOCABULARY.removeprefix(PRETRAINED_PREFIX) in pinned
    assert f'"s3://$bucket/{PRETRAINED_PREFIX}"' in TEXT
    for name in pinned:
        assert f"--include {name}" in TEXT
