"""The catalog: every fact has a source and a date, and the accessors answer what it says."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from penstock.catalog import algorithms, datasets, images, instances, limits, runtimes
from penstock.catalog.facts import UnknownFactError, counted, entry, in_words, read_data

DATA = Path(__file__).parents[2] / "penstock" / "catalog" / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
NAB, POLARITY = SHARED / "nab", SHARED / "text"


def test_no_file_says_two_things_under_one_name() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
        return dict(pairs)

    for path in sorted(DATA.rglob("*.json")):
        json.loads(path.read_text("utf-8"), object_pairs_hook=once)


def test_every_limit_and_algorithm_and_image_says_where_it_is_from() -> None:
    facts = [limits.limit(name) for name in read_data("limits")]
    facts += [algorithms.algorithm(name) for name in algorithms.names()]
    facts += [images.image(name) for name in read_data("images")]
    facts += [runtimes.glue(version) for version in entry("runtimes", "glue")]
    facts += [runtimes.lambda_runtime(name) for name in entry("runtimes", "lambda")]
    facts += [
        runtimes.container(framework, version)
        for framework, versions in entry("runtimes", "containers").items()
        for version in versions
    ]
    facts += [datasets.dataset(name) for name in read_data("datasets")]
    for fact in facts:
        assert fact.citation
        assert fact.date >= "2023"


def test_instance_types_know_their_uses_and_their_storage() -> None:
    m5 = instances.instance_type("ml.m5.large")
    assert (m5.training, m5.hosting, m5.architecture) == (True, True, "amd64")
    assert m5.takes_volume_key
    assert not instances.instance_type("ml.g5.xlarge").takes_volume_key
    assert instances.instance_type("ml.c7g.large").architecture == "arm64"
    assert "ml.c7g.large" not in instances.names("training")
    assert "ml.p2.xlarge" not in instances.names("training")
    assert instances.instance_type("ml.m5.xlarge").processing
    assert not instances.instance_type("ml.c7g.large").processing
    assert len(instances.names("processing")) == 204
    assert instances.instance_type("ml.m5.large").transform
    assert not instances.instance_type("ml.c5d.xlarge").transform


@pytest.mark.parametrize("name", ["m5.large", "ml.m5", "ml.m5.huge", "ml.zz.large", ""])
def test_an_unknown_instance_type_is_an_error(name: str) -> None:
    with pytest.raises(UnknownFactError, match="no instance type"):
        instances.instance_type(name)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1_000_000, "1,000,000"), (0.2, "0.2"), (1953.12, "1,953.12"), (1_234_567.8, "1,234,568")],
)
def test_a_number_in_words_has_commas_and_no_exponent(number: float, words: str) -> None:
    assert in_words(number) == words


def test_one_thing_is_no_plural() -> None:
    assert [counted(number, "shard") for number in (0, 1, 1200)] == [
        *("0 shards", "1 shard", "1,200 shards"),
    ]


def test_unknown_facts_name_the_known_ones() -> None:
    with pytest.raises(UnknownFactError, match="linear-learner"):
        algorithms.algorithm("svm")
    with pytest.raises(UnknownFactError, match=r"kinesis\.shards"):
        limits.limit("kinesis.shard")
    with pytest.raises(UnknownFactError, match=r"5\.1"):
        runtimes.glue("2.0")
    with pytest.raises(UnknownFactError, match=r"python3\.13"):
        runtimes.lambda_runtime("python3.8")
    with pytest.raises(UnknownFactError, match="xgboost"):
        runtimes.container("keras", "3")
    with pytest.raises(UnknownFactError, match=r"3\.0-5"):
        runtimes.container("xgboost", "0.72")


def test_shipped_code_goes_to_the_runtimes_that_it_is_tested_against() -> None:
    assert runtimes.glue_versions() == ("5.1",)
    assert runtimes.glue("6.0").python == "3.13"
    assert runtimes.glue("3.0").worker_types is None
    name, facts = runtimes.lambda_python()
    assert (name, facts.python) == ("python3.13", "3.13")
    assert not runtimes.lambda_runtime("python3.14").tested
    assert runtimes.container("xgboost", "3.0-5").libraries["xgboost"] == "3.0.5"


def test_bounds_are_inclusive_and_may_be_open() -> None:
    buffer = limits.limit("firehose.parquet_buffer_mb")
    assert buffer.allows(64)
    assert buffer.allows(128)
    assert not buffer.allows(63)
    assert not buffer.allows(129)
    shards = limits.limit("kinesis.shards")
    assert shards.maximum is None
    assert shards.allows(10**6)
    assert shards.bounds == "1 or more shards"


def test_a_data_sets_files_are_pinned_by_contents_and_those_of_a_repository_by_commit() -> None:
    for name in read_data("datasets"):
        for path, file in datasets.dataset(name).files.items():
            assert re.fullmatch(rf"https://[^?]*/{re.escape(path)}", file.url), path
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256), path
            in_repository = "githubusercontent" in file.url
            assert not in_repository or re.search(r"/[0-9a-f]{40}/", file.url), path
    nab = datasets.dataset("nab")
    assert len([path for path in nab.files if path.startswith("data/realAWSCloudwatch/")]) == 17


@pytest.mark.skipif(not NAB.is_dir(), reason="needs ../shared/data/nab")
def test_the_pinned_contents_are_those_of_the_benchmark() -> None:
    for path, file in datasets.dataset("nab").files.items():
        assert hashlib.sha256((NAB / path).read_bytes()).hexdigest() == file.sha256, path


@pytest.mark.skipif(not POLARITY.is_dir(), reason="needs ../shared/data/text")
def test_the_pinned_contents_are_those_of_the_reviews() -> None:
    for path, file in datasets.dataset("review-polarity").files.items():
        assert hashlib.sha256((POLARITY / path).read_bytes()).hexdigest() == file.sha256, path
