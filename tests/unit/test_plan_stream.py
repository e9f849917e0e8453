"""A stream on demand or with fan-out: what it bears, what it saves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner import fan_out
from penstock.planner.load import Load
from penstock.planner.on_demand import OnDemandPlan
from penstock.planner.shards import ShardPlan

LOADS = st.builds(
    Load,
    st.floats(min_value=0.01, max_value=1e7),
    st.floats(min_value=0.01, max_value=1000),
    st.integers(min_value=1, max_value=25),
)


@pytest.mark.parametrize(
    ("load", "region", "fits"),
    [
        (Load(200_000, 1, 2), "eu-central-1", True),
        (Load(200_001, 1, 2), "eu-central-1", False),
        (Load(200_000, 1, 3), "eu-central-1", False),  # 600 MB/s are read
        (Load(200_001, 1, 2), "us-east-1", True),
        (Load(10_000_001, 1, 1), "us-east-1", False),
    ],
)
def test_on_demand_ends_at_the_limits_of_the_region(load: Load, region: str, fits: bool) -> None:
    assert OnDemandPlan.of(load, region).fits is fits


def test_a_new_on_demand_stream_is_said_to_begin_small() -> None:
    assert OnDemandPlan.of(Load(4000, 1, 1), "us-east-1").starts_warm
    (figure,) = OnDemandPlan.of(Load(4001, 1, 1), "us-east-1").figures()
    assert "begins with 4,000 KB/s" in figure.because


@given(LOADS, st.floats(min_value=1, max_value=100))
def test_more_load_takes_more_of_on_demand(load: Load, times: float) -> None:
    more = load.at(load.records_per_second * times)
    assert OnDemandPlan.of(more, "us-east-1").share >= OnDemandPlan.of(load, "us-east-1").share


@given(LOADS)
def test_fan_out_never_needs_more_shards_and_never_more_than_writing_asks_for(load: Load) -> None:
    alone = fan_out.shards_with_fan_out(load)
    if load.consumers > 20:
        assert alone is None
        return
    assert alone == ShardPlan.of(Load(load.records_per_second, load.record_kb, 1)).shards
    assert alone <= ShardPlan.of(load).shards


def test_six_readers_ask_a_shard_too_often() -> None:
    reads = {found.name: found for found in fan_out.figures(Load(100, 1, 6))}
    assert reads["stream.reads_per_shard"].value == 6
    assert "register for fan-out" in reads["stream.reads_per_shard"].because
