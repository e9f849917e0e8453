"""What a month is billed by: exact, at most, at least, and idle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.planner.quantities import Quantity, alternatives, quantities
from pipelines.digits import PIPELINE as DIGITS
from pipelines.spec import Stream
from tests.unit.planned import SCORED, plan_of

MONTH = 3600 * 730


def by_name(*arguments: object, **known: object) -> dict[str, Quantity]:
    plan = plan_of(*arguments, **known)  # type: ignore[arg-type]
    return {quantity.name: quantity for quantity in quantities(plan)}


def test_a_provisioned_stream_is_billed_by_shards_and_units_of_25_kb() -> None:
    found = by_name(rate=2000, kb=30)
    assert found["kinesis.shard_hours"].amount == 60 * 730
    assert found["kinesis.shard_hours"].idle
    assert found["kinesis.put_units"].amount == 2000 * MONTH * 2
    assert "kinesis.extended_shard_hours" not in found


def test_longer_retention_is_another_item() -> None:
    longer = DIGITS.model_copy(update={"stream": Stream(shards=1, retention_hours=48)})
    assert by_name(longer, rate=100)["kinesis.extended_shard_hours"].amount == 730


def test_a_stream_on_demand_is_billed_by_what_flows() -> None:
    found = by_name(SCORED, rate=1000, kb=1)
    gb = 1000 * MONTH * 1000 / 2**30
    assert found["kinesis.on_demand_stream_hours"].amount == 730
    assert found["kinesis.on_demand_incoming_gb"].amount == pytest.approx(gb)
    assert found["kinesis.on_demand_outgoing_gb"].amount == pytest.approx(2 * gb)
    assert "kinesis.shard_hours" not in found


def test_firehose_bills_small_records_as_5_kib() -> None:
    found = by_name(rate=1000, kb=1)
    assert found["firehose.stream_source_gb"].amount == pytest.approx(1000 * MONTH * 5120 / 2**30)
    assert found["firehose.converted_gb"].amount == pytest.approx(1000 * MONTH * 1000 / 2**30)


def test_what_is_not_known_is_unknown() -> None:
    found = by_name(SCORED)
    assert found["transform.gb_seconds"].amount is None
    assert found["scorer.gb_seconds"].amount is None
    known = by_name(SCORED, latency_ms=20)["scorer.gb_seconds"]
    assert known.bound == "at least"
    # 2 shards x 2 lanes with full batches: 3 requests for 500 records, of 20 ms with 256 MB
    assert known.amount == pytest.approx(1000 / 500 * 3 * 0.02 * 0.25 * MONTH)


def test_jobs_are_billed_to_their_time_limits_at_most() -> None:
    found = by_name(rate=100)
    trainings = 730 / 24 / 7
    assert found["training.instance_hours"].amount == pytest.approx(trainings)
    assert found["monitor.dpu_hours"].amount == 730 * 2 * 0.5
    jobs = ("training.instance_hours", "monitor.dpu_hours", "prepare.dpu_hours")
    assert {found[name].bound for name in jobs} == {"at most"}


def test_a_training_is_billed_for_the_machines_that_it_has() -> None:
    one = by_name(SCORED)["training.instance_hours"].amount
    training = SCORED.training.model_copy(update={"instance_count": 2})
    two = by_name(SCORED.model_copy(update={"training": training}))["training.instance_hours"]
    assert one is not None
    assert two.amount == pytest.approx(2 * one)


def test_an_endpoint_is_billed_idle() -> None:
    endpoint = by_name()["endpoint.instance_hours"]
    assert (endpoint.amount, endpoint.idle, endpoint.bound) == (730, True, "exact")
    assert endpoint.price == "sagemaker.hosting.ml.m5.large"


def test_a_scored_stream_writes_windows_and_scores() -> None:
    found = by_name(SCORED)
    assert found["dynamodb.write_units"].amount == 2 * 1000 * MONTH  # an item has less than 1 KB
    assert found["dynamodb.write_units"].bound == "at most"
    assert found["scores.direct_put_gb"].amount == pytest.approx(1000 * MONTH * 5120 / 2**30)


@settings(max_examples=50)
@given(
    st.sampled_from([DIGITS, SCORED]),
    st.floats(min_value=0.1, max_value=1e6),
    st.floats(min_value=0.1, max_value=100),
    st.floats(min_value=1, max_value=50),
)
def test_more_load_is_never_billed_by_less(
    pipeline: object, rate: float, kb: float, times: float
) -> None:
    less = by_name(pipeline, rate=rate, kb=kb, latency_ms=10)
    more = by_name(pipeline, rate=rate * times, kb=kb, latency_ms=10)
    # DPU-hours may fall where a larger worker type takes over
    for name in less.keys() - {"prepare.dpu_hours"}:
        before, after = less[name].amount, more[name].amount
        assert (before is None) == (after is None)
        assert after is None or before is None or after >= before * (1 - 1e-9)


def test_a_provisioned_stream_is_laid_beside_on_demand_and_fan_out() -> None:
    plan = plan_of(rate=20_000, kb=2, consumers=3)
    on_demand, fan_out = alternatives(plan)
    assert on_demand.instead_of == ("kinesis.shard_hours", "kinesis.put_units")
    assert on_demand.quantities[0].amount == 730
    found = {one.name: one.amount for one in fan_out.quantities}
    assert found["kinesis.shard_hours"] == 40 * 730
    assert found["kinesis.fan_out_consumer_hours"] == 3 * 40 * 730
    assert found["kinesis.fan_out_gb"] == pytest.approx(20_000 * 2 * 3 * MONTH * 1000 / 2**30)


def test_a_stream_on_demand_is_laid_beside_shards() -> None:
    (other,) = alternatives(plan_of(SCORED, rate=5000))
    assert (other.name, other.quantities[0].amount) == ("provisioned", 5 * 730)


def test_fan_out_that_saves_nothing_is_no_alternative() -> None:
    assert [other.name for other in alternatives(plan_of(rate=5000, consumers=2))] == ["on demand"]
