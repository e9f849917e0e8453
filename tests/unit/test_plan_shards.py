"""Shards: three bounds, the one that decides, and that one shard less would not do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner.load import Load
from penstock.planner.shards import ShardPlan

RATES = st.floats(min_value=0.01, max_value=1e7)
SIZES = st.floats(min_value=0.01, max_value=1000)
LOADS = st.builds(Load, RATES, SIZES, st.integers(min_value=1, max_value=20))


def is_enough(shards: float, load: Load) -> bool:
    return (
        load.incoming_kb <= shards * 1000
        and load.outgoing_kb <= shards * 2000
        and load.records_per_second <= shards * 1000
    )


@pytest.mark.parametrize(
    ("load", "shards", "bound"),
    [
        (Load(20_000, 2, 3), 60, "outgoing"),
        (Load(20_000, 2, 1), 40, "incoming"),
        (Load(20_000, 0.1, 3), 20, "records"),
        (Load(10_000, 0.1, 1), 10, "records"),
        (Load(1, 1, 1), 1, "incoming"),
    ],
)
def test_the_largest_of_three_bounds_decides(load: Load, shards: int, bound: str) -> None:
    plan = ShardPlan.of(load)
    assert (plan.shards, plan.decisive.name) == (shards, bound)


@given(LOADS)
def test_the_shards_are_enough_and_one_less_is_not(load: Load) -> None:
    shards = ShardPlan.of(load).shards
    assert is_enough(shards + 1e-6, load)
    assert shards == 1 or not is_enough(shards - 1, load)


@given(LOADS, st.floats(min_value=1, max_value=100))
def test_more_records_never_need_fewer_shards(load: Load, times: float) -> None:
    more = load.at(load.records_per_second * times)
    assert ShardPlan.of(more).shards >= ShardPlan.of(load).shards


def test_the_figure_says_which_bound_decided_and_where_it_was_read() -> None:
    shards = ShardPlan.of(Load(20_000, 2, 3)).figures(described=1)[0]
    assert shards.because.startswith("outgoing decided: outgoing 120,000 KB/s / 2,000 KB/s")
    assert shards.source == ("Kinesis developer guide, working with streams",)
    assert shards.because.endswith("the description has 1")
