"""Firehose's objects and its transform: size or time decides, and bounds hold."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner.delivery import DirectPutPlan, ObjectPlan
from penstock.planner.load import Load
from penstock.planner.shards import ShardPlan
from penstock.planner.transform import TransformPlan
from pipelines.spec import Delivery

RATES = st.floats(min_value=0.01, max_value=1e7)
SIZES = st.floats(min_value=0.01, max_value=1000)
BUFFERS = st.builds(
    SimpleNamespace,
    buffer_mb=st.integers(min_value=1, max_value=128),
    buffer_seconds=st.integers(min_value=1, max_value=900),
)


def test_size_decides_in_a_busy_stream_and_time_in_a_quiet_one() -> None:
    delivery = Delivery(buffer_mb=64, buffer_seconds=60)
    busy = ObjectPlan(40_000, 20_000, delivery)
    assert busy.by_size
    assert busy.object_mb == pytest.approx(67.108864)
    assert busy.objects_per_hour == pytest.approx(3600 / (67_108.864 / 40_000))
    quiet = ObjectPlan(10, 10, delivery)
    assert not quiet.by_size
    assert quiet.objects_per_hour == 60
    assert quiet.object_mb == pytest.approx(0.6)


def test_the_64_mb_rule_of_parquet_is_said() -> None:
    figure = ObjectPlan(40_000, 20_000, Delivery()).figures("delivery", parquet=True)[0]
    assert "64 is the least for Parquet" in figure.because


def test_without_a_buffer_time_the_objects_are_unknown() -> None:
    plan = ObjectPlan(10, 10, Delivery(buffer_seconds=0))
    assert plan.objects_per_hour is None
    assert [figure.value for figure in plan.figures("delivery", parquet=True)] == [None, None]


@given(RATES, SIZES, BUFFERS)
def test_objects_are_within_the_buffer_and_carry_all_records(
    rate: float, kb: float, buffer: SimpleNamespace
) -> None:
    plan = ObjectPlan(rate * kb, rate, buffer)
    per_hour, object_mb = plan.objects_per_hour, plan.object_mb
    assert per_hour is not None
    assert object_mb is not None
    assert per_hour * object_mb == pytest.approx(rate * kb * 3.6)
    assert per_hour <= rate * 3600 or plan.by_size  # no object without a record
    assert object_mb <= max(buffer.buffer_mb * 1.048576, kb / 1000) * (1 + 1e-9)


@given(RATES, SIZES, BUFFERS, st.floats(min_value=1, max_value=100))
def test_more_flow_never_makes_fewer_objects(
    rate: float, kb: float, buffer: SimpleNamespace, times: float
) -> None:
    less = ObjectPlan(rate * kb, rate, buffer).objects_per_hour
    more = ObjectPlan(rate * kb * times, rate * times, buffer).objects_per_hour
    assert less is not None
    assert more is not None
    assert more >= less * (1 - 1e-9)


@given(RATES, SIZES)
def test_a_transform_has_five_outstanding_for_each_shard_and_each_invocation_a_record(
    rate: float, kb: float
) -> None:
    load = Load(rate, kb, 1)
    shards = ShardPlan.of(load).shards
    plan = TransformPlan(load, shards, Delivery())
    assert plan.most_concurrent == 5 * shards
    assert plan.invocations_per_second <= rate * (1 + 1e-9)
    in_flight = plan.invocations_per_second * plan.longest_ms / 1000
    assert in_flight <= plan.most_concurrent * (1 + 1e-9)
    assert plan.longest_ms <= 60_000


def test_a_transforms_batch_is_full_or_old_enough() -> None:
    busy = TransformPlan(Load(20_000, 2, 3), 60, Delivery(transform_buffer_mb=0.5))
    assert busy.batch_seconds == pytest.approx(524.288 / (40_000 / 60))
    assert busy.invocations_per_second == pytest.approx(40_000 / 524.288)
    quiet = TransformPlan(Load(1, 1, 1), 1, Delivery(transform_buffer_seconds=60))
    assert quiet.batch_seconds == 60
    at_once = TransformPlan(Load(1, 1, 1), 1, Delivery(transform_buffer_seconds=0))
    assert at_once.invocations_per_second == 1  # one for each record


def test_direct_puts_say_which_of_three_quotas_decides() -> None:
    small = DirectPutPlan.of(
        records_per_second=50_000, requests_per_second=100, kb=1, region="eu-central-1"
    )
    assert (small.decisive, small.share) == ("records", 0.5)
    large = DirectPutPlan.of(
        records_per_second=1, requests_per_second=1, kb=2 * 5 * 1048.576, region="us-east-1"
    )
    assert large.decisive == "throughput"
    assert large.share == pytest.approx(2)
