"""The plan in a terminal of 80 columns: nothing is cut, numbers have units, words stay whole."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from penstock.cli.plan_instances import choices
from penstock.cli.plan_table import (
    line,
    show_cost,
    show_figures,
    show_instances,
    show_quotas,
    show_steps,
)
from penstock.planner.cost import Cost
from penstock.planner.prices import Prices
from penstock.planner.quantities import quantities
from penstock.planner.quotas import needs
from penstock.planner.scaling import steps
from pipelines.spec import Pipeline
from tests.unit.planned import DIGITS, PRICES, SCORED, plan_of


def shown(show: Callable[[Console], None], *, width: int = 80, is_terminal: bool = True) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width, force_terminal=is_terminal, color_system=None))
    return out.getvalue()


def whole_plan(pipeline: Pipeline, rate: float) -> Callable[[Console], None]:
    plan = plan_of(pipeline, rate=rate)

    def show(console: Console) -> None:
        show_figures(console, plan.sections())
        show_instances(console, choices(pipeline, region="us-east-1", families=None))
        show_steps(console, steps(plan))
        show_cost(console, Cost.of(quantities(plan), Prices.model_validate(PRICES)))
        show_quotas(console, needs(plan, "dev"), None)

    return show


@pytest.mark.parametrize("pipeline", [DIGITS, SCORED], ids=["digits", "scored"])
@pytest.mark.parametrize("rate", [1, 20_000])
def test_80_columns_are_enough_and_nothing_is_cut(pipeline: Pipeline, rate: float) -> None:
    text = shown(whole_plan(pipeline, rate))
    assert "…" not in text
    assert max(len(row) for row in text.splitlines()) <= 80
    for quantity in quantities(plan_of(pipeline, rate=rate)):
        assert f"\n{quantity.name} " in text
    for need in needs(plan_of(pipeline, rate=rate), "dev"):
        assert f"\n{need.name} " in text


def test_even_40_columns_lose_no_digit() -> None:
    assert "…" not in shown(whole_plan(SCORED, 1e7), width=40)


def test_each_rate_has_a_column_and_each_row_says_what_it_counts() -> None:
    text = shown(lambda console: show_steps(console, steps(plan_of(SCORED))))
    (rates,) = (row.split()[1:] for row in text.splitlines() if row.startswith("records/s "))
    assert rates == ["10", "100", "1,000", "10,000", "100,000", "1,000,000", "10,000,000"]
    (share,) = (row.split()[-1] for row in text.splitlines() if row.startswith("on demand, % "))
    assert share == "100"  # 10 GB/s written is all that such a stream bears
    assert "scorers " in text
    assert "scorers " not in shown(lambda console: show_steps(console, steps(plan_of(DIGITS))))


def test_the_instances_of_an_endpoint_that_the_scorer_asks_are_unknown_without_a_latency() -> None:
    assert [step.figures["endpoint.instances"] for step in steps(plan_of(SCORED))] == [None] * 7
    counts = [
        step.figures["endpoint.instances"] for step in steps(plan_of(SCORED, latency_ms=20.0))
    ]
    assert counts[0] == 1
    assert counts[-1] is not None
    assert counts[-1] > 1
    assert [step.figures["endpoint.instances"] for step in steps(plan_of(DIGITS))] == [1] * 7


def test_a_quota_has_its_unit_and_the_moment_it_is_needed() -> None:
    text = shown(lambda console: show_quotas(console, needs(plan_of(DIGITS), "dev"), None))
    rows = {row.split("  ")[0]: row.split() for row in text.splitlines()}
    assert rows["Shards per Region"][-2:] == ["shards", "deploy"]
    assert rows["Concurrent executions"][-2:] == ["executions", "run"]


def test_prose_is_broken_between_words_on_a_terminal_and_nowhere_else() -> None:
    text = "\n  note: " + "a-long-word " * 20
    broken = shown(lambda console: line(console, text)).splitlines()
    assert broken[0] == ""
    assert broken[1].startswith("  note: a-long-word")
    assert all(row.startswith("    a-long-word") for row in broken[2:])
    assert all(row.endswith("a-long-word") for row in broken[1:])
    piped = shown(lambda console: line(console, text), is_terminal=False)
    assert piped == text + "\n"
