"""What a review says of a load: the plan's figures beside what is described."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.cli.plan_load import load_of
from penstock.cli.review_load import at_load
from penstock.planner.plan import Plan
from penstock.planner.prices import Prices
from penstock.review.as_html import as_html
from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.blocks import Section
from penstock.review.given import AtLoad, Given
from penstock.review.load import load_section
from penstock.review.review import review
from pipelines.digits import PIPELINE as DIGITS
from pipelines.spec import Pipeline
from tests.assemblies import template, write_assembly
from tests.pages import words
from tests.unit.planned import PRICES, SCORED


def load_for(
    pipeline: Pipeline = DIGITS,
    *,
    rate: float | None = 20_000,
    kb: float | None = 2,
    consumers: int | None = 3,
    prices: Prices | None = None,
) -> AtLoad:
    load = load_of(pipeline, records_per_second=rate, record_kb=kb, consumers=consumers)
    return at_load(Plan(pipeline, load.load, "us-east-1"), load, prices)


def limits(found: AtLoad) -> str:
    return as_markdown(load_section(Given(load=found)))


def month(found: AtLoad) -> str:
    return as_markdown(Section("month", "Month", found.cost))


def test_the_bound_that_decided_and_what_is_too_small_stand_out() -> None:
    said = limits(load_for())
    assert "At 20,000 records/s of 2 KB for 3 consumers." in said
    assert "| `stream.shards` | ⚠ **60** | 1 | shards | outgoing decided:" in said
    assert "| `prepare.workers` | ⚠ **" in said
    assert "| `endpoint.instances` | 1 | 1 |" in said


def test_a_limit_of_a_service_says_what_takes_over() -> None:
    said = limits(load_for())
    met = said[: said.index("What it needs")]
    assert "⚠ **Glue G.1X workers for a month's records**" in met
    assert "or fewer hours of records in a run" in met
    assert "Lambda, transform" not in met
    assert "| 100,000 | Lambda, transform | 1,500 executions | 1,000 executions |" in said


def test_a_small_load_meets_none_and_nothing_is_too_small() -> None:
    said = limits(load_for(rate=1, kb=1, consumers=1))
    assert "It meets no limit of a service." in said
    assert "⚠" not in said


@pytest.mark.parametrize(
    ("pipeline", "mine", "other"),
    [
        (DIGITS, "Kinesis shards", "Kinesis on demand"),
        (SCORED, "Kinesis on demand", "Kinesis shards"),
    ],
)
def test_limits_of_the_streams_other_mode_are_left_out(
    pipeline: Pipeline, mine: str, other: str
) -> None:
    said = limits(load_for(pipeline, rate=20_000_000))
    assert mine in said
    assert other not in said


def test_what_was_not_given_says_where_it_comes_from() -> None:
    said = limits(load_for(consumers=None))
    assert "load.consumers: the delivery to the lake" in said.replace("\\_", "_")
    assert "load.consumers" not in limits(load_for()).replace("\\_", "_")


def test_a_month_of_the_load_has_the_plans_quantities_and_counts_the_unknown() -> None:
    found = load_for(prices=Prices.model_validate(PRICES))
    said = month(found)
    assert "| `kinesis.shard_hours`<br><sub>idle</sub> | 43,800 | shard-hours | 21,900 |" in said
    unknown = sum(" | unknown | " in line for line in said.splitlines() if line.startswith("| `"))
    assert f"USD + {unknown} unknown** a month at this load" in said
    assert "not in the sum, for they are unknown: kinesis" not in said
    assert "IDLE: the endpoint alone is 730 instance-hours" in said
    assert "s3.gb_months" in found.prices


def test_a_month_without_prices_is_unknown() -> None:
    said = month(load_for())
    assert "**unknown** a month at this load" in said
    assert "amounts are unknown: give --prices FILE" in said


def test_without_a_load_the_options_are_named(tmp_path: Path) -> None:
    found = read(write_assembly(tmp_path, {"a": template(T=("SNS::Topic", {}))}))
    told = review("a", found)
    for option in ("--records-per-second", "--record-kb", "--consumers"):
        assert option in words(told.html)
        assert option in told.markdown
    assert "Made from the templates alone." in told.html


def test_both_forms_say_what_they_were_made_from(tmp_path: Path) -> None:
    found = read(write_assembly(tmp_path, {"a": template(T=("SNS::Topic", {}))}))
    prices = Prices.model_validate(PRICES)
    load = load_for(prices=prices)
    told = review("a", found, given=Given(prices=prices, load=load))
    for form in (told.html, told.markdown):
        assert "prices of us-east-1, 2026-11-22; a load of 20,000 records/s of 2 KB" in form
        assert "outgoing decided" in form
    assert words(str(as_html(load_section(Given(load=load))))) in words(told.html)
