"""docs/plan.md on instance types: its five answers are the advisor's, its example runs."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from penstock.advisor import Hosting, Model, Need, Training, choose
from penstock.catalog import ec2_prices

TEXT = Path(__file__).parents[2].joinpath("docs/plan.md").read_text()
SECTION = TEXT.partition("## Instance types\n")[2].partition("\n## ")[0]
SMALL = Model(parameters=7_000_000_000, dtype="bfloat16", layers=32, hidden_size=4096)
LARGE = Model(parameters=70_000_000_000, dtype="bfloat16", layers=80, hidden_size=8192)

NEEDS: dict[str, Need] = {
    "train linear-learner": Training(algorithm="linear-learner"),
    "train image-classification": Training(algorithm="image-classification"),
    "serve 7B parameters in bfloat16, context of 4,096": Hosting(model=SMALL, sequence_length=4096),
    "fine-tune 7B with Adam, all of it, context of 2,048, spread over the machine's GPUs": Training(
        model=SMALL, optimizer="adam", sequence_length=2048, spread=True
    ),
    "serve 70B in bfloat16, context of 4,096, on GPU or Inferentia, spread": Hosting(
        model=LARGE, sequence_length=4096, runs_on=("gpu", "inferentia"), spread=True
    ),
}


def rows() -> dict[str, tuple[str, str]]:
    """Need to answer and judgement, as the page's table has them."""
    found = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line[:2] == "| "]
    return {need: (answer, judgement) for need, answer, judgement in found[1:]}


def answer(need: Need) -> str:
    advice = choose(need)
    first, *others = (
        f"`{candidate.name}` ({candidate.usd_per_hour:.4g})" for candidate in advice.candidates[:3]
    )
    return f"{first}; next {', '.join(others)}; {len(advice.candidates)} fit"


def test_the_page_has_these_five_needs_each_with_a_judgement() -> None:
    assert list(rows()) == list(NEEDS)
    for _, judgement in rows().values():
        assert len(judgement) > 80


@pytest.mark.parametrize("need", NEEDS)
def test_an_answer_of_the_page_is_the_advisors(need: str) -> None:
    assert rows()[need][0] == answer(NEEDS[need])


def test_a_judgement_names_types_that_fit() -> None:
    for need, (_, judgement) in rows().items():
        fitting = {candidate.name for candidate in choose(NEEDS[need]).candidates}
        assert set(re.findall(r"ml\.[a-z0-9]+\.[a-z0-9]+", judgement)) <= fitting


def test_the_prices_are_dated_as_the_page_says() -> None:
    facts = ec2_prices.prices()
    said = " ".join(SECTION.split())
    assert f"EC2's on-demand prices of {facts.date} in {facts.region}" in said


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"needs\.py\):\n\n((?: {4}.*\n|\n)+)", SECTION)
    exec(textwrap.dedent(example), {})
    assert capsys.readouterr().out.startswith("ml.g6.xlarge was chosen: ")
