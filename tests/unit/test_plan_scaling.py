"""The table from 10 to 10 million records a second, and the limits on the way."""

from __future__ import annotations

from dataclasses import replace

from penstock.planner.scaling import Step, steps
from pipelines.digits import PIPELINE as DIGITS
from tests.unit.planned import SCORED, plan_of


def met(step: Step) -> set[str]:
    return {one.name for one in step.limits_met()}


def test_the_rows_are_powers_of_ten_at_the_same_record() -> None:
    rows = steps(plan_of(kb=2))
    assert [row.records_per_second for row in rows] == [10**power for power in range(1, 8)]
    assert [row.figures["stream.shards"] for row in rows] == [1, 1, 2, 20, 200, 2000, 20_000]


def test_a_limit_that_is_met_stays_met() -> None:
    for pipeline in (DIGITS, SCORED):
        before: set[str] = set()
        for row in steps(plan_of(pipeline, kb=2, latency_ms=50)):
            assert before <= met(row)
            before = met(row)


def test_limits_are_met_above_them_and_not_at_them() -> None:
    plan = plan_of(rate=200_000, kb=1)  # 200 shards with five transforms each
    assert "Lambda, transform" not in met(Step(plan))
    assert "Lambda, transform" in met(Step(plan.at(200_001)))


def test_smaller_regions_have_smaller_limits() -> None:
    plan = plan_of(rate=1_000_001, kb=1)
    assert "Kinesis shards" not in met(Step(plan))
    assert "Kinesis shards" in met(Step(replace(plan, region="eu-central-1")))


def test_a_scored_stream_meets_limits_of_its_own() -> None:
    names = met(Step(plan_of(SCORED, rate=1_000_000, latency_ms=500)))
    assert {
        "Lambda, scorer",
        "DynamoDB writes of windows",
        "DynamoDB writes of windows, at once",
        "Firehose direct put of scores, records",
        "Firehose direct put of scores, throughput",
    } <= names
    assert not any("scor" in name for name in met(Step(plan_of(rate=1_000_000))))


def test_each_limit_says_what_takes_over_and_where_it_was_read() -> None:
    for row in steps(plan_of(SCORED, kb=5, latency_ms=500)):
        for one in row.limits_met():
            assert one.demand > one.maximum
            assert one.takes_over
            assert one.source
