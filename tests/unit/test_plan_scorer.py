"""The scorer: executions, requests and writes follow from the load, and never beyond bounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.planner.load import Load
from penstock.planner.scorer import PIECE_RECORDS, ScorerPlan
from penstock.planner.shards import ShardPlan
from pipelines.spec import Scoring

LOADS = st.builds(
    Load,
    st.floats(min_value=0.01, max_value=1e6),
    st.floats(min_value=0.01, max_value=100),
    st.just(2),
)
SCORINGS = st.builds(
    Scoring,
    batch_records=st.integers(min_value=1, max_value=10_000),
    batch_window_seconds=st.integers(min_value=0, max_value=300),
    parallelization=st.integers(min_value=1, max_value=10),
)


def scorer(load: Load, scoring: Scoring, *, latency_ms: float | None = None) -> ScorerPlan:
    return ScorerPlan(load, ShardPlan.of(load).shards, scoring, 8, latency_ms)


def test_the_piece_is_the_one_of_the_function() -> None:
    source = Path(__file__).parents[2].joinpath("lambda/score_stream/scorer.py").read_text()
    assert re.search(rf"^PIECE_RECORDS = {PIECE_RECORDS}$", source, re.MULTILINE)


def test_a_busy_scorer_has_full_batches_in_pieces() -> None:
    load = Load(10_000, 1, 2)
    plan = scorer(load, Scoring(batch_records=500, parallelization=2), latency_ms=100)
    assert plan.lanes == 20
    assert plan.invocations_per_second == pytest.approx(20)
    assert plan.requests_per_invocation == 3  # 200, 200, 100
    assert plan.needed_lanes == 6  # 20 batches/s x 3 requests x 0.1 s


def test_a_scorer_that_falls_behind_is_told_what_would_do() -> None:
    load = Load(1000, 1, 2)
    figures = scorer(load, Scoring(batch_records=100), latency_ms=300).figures()
    needed = next(figure for figure in figures if figure.name == "scorer.needed_concurrent")
    assert needed.value == 3
    assert "use scoring.parallelization 3" in needed.because
    worse = scorer(load, Scoring(batch_records=10), latency_ms=300).figures()
    needed = next(figure for figure in worse if figure.name == "scorer.needed_concurrent")
    assert "use 3 shards" in needed.because  # 30 batches at once, 10 in each shard


def test_a_batch_fits_into_a_request() -> None:
    plan = scorer(Load(1000, 100, 2), Scoring(batch_records=10_000))
    assert plan.largest_batch == 45  # 6 MB / (100 KB in base64)


@given(LOADS, SCORINGS)
def test_batches_carry_all_records_within_their_bounds(load: Load, scoring: Scoring) -> None:
    plan = scorer(load, scoring)
    each = load.records_per_second / plan.invocations_per_second
    assert 1 - 1e-9 <= each <= max(1, plan.largest_batch) * (1 + 1e-9)
    assert plan.largest_batch <= scoring.batch_records
    assert plan.lanes <= 10 * plan.shards
    assert plan.requests_per_second <= load.records_per_second * (1 + 1e-6)


@given(LOADS, SCORINGS, st.floats(min_value=1, max_value=10_000))
def test_the_needed_executions_are_enough_and_one_less_is_not(
    load: Load, scoring: Scoring, latency_ms: float
) -> None:
    plan = scorer(load, scoring, latency_ms=latency_ms)
    needed = plan.needed_lanes
    assert needed is not None
    pieces = -(-plan.largest_batch // PIECE_RECORDS)
    seconds_for_a_batch = pieces * latency_ms / 1000
    asked = load.records_per_second
    assert needed * plan.largest_batch / seconds_for_a_batch >= asked * (1 - 1e-6)
    assert needed == 1 or (needed - 1) * plan.largest_batch / seconds_for_a_batch < asked


def test_few_series_are_written_less_often() -> None:
    load = Load(10_000, 1, 2)
    scoring = Scoring(batch_records=200)
    many = ScorerPlan(load, 10, scoring, 8, None)
    few = ScorerPlan(load, 10, scoring, 8, None, series=10)
    assert many.writes_per_second == 20_000
    assert few.writes_per_second == pytest.approx(2 * 10 * few.requests_per_second)
    assert few.write_units_per_second < many.write_units_per_second
