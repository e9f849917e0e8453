"""A series made ready: points, step, grid, training window, normalisation, windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.series import (
    Grid,
    Points,
    Prepared,
    complete_windows,
    distinct,
    mean_and_sd,
    on_grid,
    prepare,
    usual_step,
    window_ids,
)
from penstock.series.rows import QUIET

GRID_SECONDS = 300
STEP = GRID_SECONDS * 1_000_000
SECOND = 1_000_000
START = 1_396_310_400_000_000  # 2014-04-01T00:00:00Z
VALUES = st.floats(-1e6, 1e6, allow_subnormal=False)


def regular(count: int) -> np.ndarray:
    return START + STEP * np.arange(count)


def column(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def unlabelled(count: int) -> np.ndarray:
    return np.full(count, np.nan)


def points(times: Any, values: Any, labels: Any = None) -> Points:
    labels = unlabelled(len(times)) if labels is None else np.asarray(labels, dtype=np.float64)
    return distinct(np.asarray(times), column(values), labels)


def grid_of(times: Any, values: Any, labels: Any = None) -> Grid:
    return on_grid(points(times, values, labels), GRID_SECONDS)


def prepared(values: Any, labels: Any = None, **given: Any) -> Prepared | None:
    """A series on a regular grid; `times` for one that is not."""
    times = given.pop("times", regular(len(values)))
    usual = {"window_points": 3, "train_percent": 70, "grid_seconds": GRID_SECONDS}
    return prepare(points(times, values, labels), **{**usual, **given})


def made(*arguments: Any, **given: Any) -> Prepared:
    """A series that is long enough."""
    found = prepared(*arguments, **given)
    assert found is not None
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=60), st.integers(1, 12))
def test_a_gapless_series_has_a_window_for_every_point_but_the_first_ones(
    values: list[float], window_points: int
) -> None:
    found = prepared(values, window_points=window_points, train_percent=100)
    if len(values) < window_points:
        assert found is None
        return
    assert found is not None
    assert len(found.train) == len(values) - window_points + 1
    assert found.grid.gaps == found.gap_windows == len(found.holdout) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(VALUES, min_size=10, max_size=40),
    st.lists(VALUES, min_size=40, max_size=40),
    st.sampled_from([GRID_SECONDS, None]),
)
def test_normalisation_knows_nothing_of_what_comes_after_the_training_window(
    values: list[float], others: list[float], grid_seconds: int | None
) -> None:
    cut = len(values) * 70 // 100
    one = made(values, grid_seconds=grid_seconds)
    other = made([*values[:cut], *others[cut : len(values)]], grid_seconds=grid_seconds)
    assert one.mean.tolist() == other.mean.tolist()
    assert one.sd.tolist() == other.sd.tolist()
    assert one.train.tolist() == other.train.tolist()
    assert one.rows(one.train).tobytes() == other.rows(other.train).tobytes()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 15),  # a third of a grid step each
            st.sampled_from([0.0, -0.0, 1.5, 1e6, -3.25]),
            st.sampled_from([0.0, 1.0, np.nan]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_records_changes_nothing(
    records: list[tuple[int, float, float]], random: Any
) -> None:
    found = []
    for _ in range(2):
        thirds, values, labels = (np.array(part) for part in zip(*records, strict=True))
        found.append(points(START + thirds * (STEP // 3), values, labels))
        random.shuffle(records)
    one, other = found
    assert one.records == other.records == len(records)
    assert len(one.times) == len(other.times) == len({third for third, _, _ in records})
    grids = [on_grid(each, GRID_SECONDS) for each in found]
    for name in ("slots", "values", "labels"):
        assert getattr(grids[0], name).tobytes() == getattr(grids[1], name).tobytes()
    assert usual_step(one.times, 70) == usual_step(other.times, 70)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 8))
def test_windows_are_exactly_those_without_a_missing_grid_time(
    present: set[int], window_points: int
) -> None:
    slots = np.array(sorted(present))
    ends = complete_windows(slots, window_points)
    expected = [
        last for last in sorted(present) if set(range(last - window_points + 1, last)) <= present
    ]
    assert slots[ends].tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 8), st.integers(1, 100))
def test_every_place_for_a_window_is_taken_or_counted_as_a_gaps(
    present: set[int], window_points: int, percent: int
) -> None:
    times = START + STEP * np.array(sorted(present))
    found = prepared(
        np.arange(len(times)), times=times, window_points=window_points, train_percent=percent
    )
    span = max(present) - min(present) + 1
    training = span * percent // 100
    first = min(present)
    if found is None:  # a series that is too short has no windows behind the training window either
        assert not any(
            set(range(first + start, first + start + window_points)) <= present
            for start in range(training - window_points + 1)
        )
        return
    places = sum(max(0, part - window_points + 1) for part in (training, span - training))
    assert len(found.train) + len(found.holdout) + found.gap_windows == places
    assert found.grid.gaps == span - len(present)


def test_windows_hold_their_points_oldest_first_and_normalised() -> None:
    found = made([1, 3, 1, 3, 1, 3, 1, 3, 5, 7], train_percent=80)
    assert (found.mean.tolist(), found.sd.tolist()) == ([2.0], [1.0])
    assert found.rows(found.train)[:2].tolist() == [[-1, 1, -1], [1, -1, 1]]
    assert found.rows(np.array([9])).tolist() == [[1, 3, 5]]


def test_a_deviation_is_the_last_points_from_those_before_it() -> None:
    found = made([1, 3, 1, 3, 1, 3, 1, 3, 5, 3], window_points=5, train_percent=80)
    assert (found.mean.tolist(), found.sd.tolist()) == ([2.0], [1.0])
    ends = np.array([7, 8])  # before them, normalised: -1 1 -1 1 and 1 -1 1 -1
    assert found.rows(ends[:1], "deviation").tolist() == [[1.0]]
    spread = np.array([1, -1, 1, -1]).std()
    assert found.rows(ends[1:], "deviation").tolist() == [[np.float32(3.0 / spread)]]


def test_what_is_flat_is_measured_by_a_fifth_of_the_series_own_deviation() -> None:
    values = [1.0, 3.0] * 4 + [2.0, 2.0, 2.0, 2.2]
    found = made(values, window_points=4, train_percent=66)
    assert found.rows(np.array([11]), "deviation")[0, 0] == pytest.approx(0.2 / QUIET / found.sd[0])


def test_several_values_have_a_deviation_each() -> None:
    both = np.array([[1, 10], [3, 30], [1, 10], [3, 30], [5, 10]], dtype=np.float64)
    found = prepare(
        distinct(regular(5), both, unlabelled(5)),
        window_points=4,
        train_percent=80,
        grid_seconds=GRID_SECONDS,
    )
    assert found is not None
    alone = [
        prepare(
            distinct(regular(5), both[:, [column]], unlabelled(5)),
            window_points=4,
            train_percent=80,
            grid_seconds=GRID_SECONDS,
        )
        for column in (0, 1)
    ]
    last = np.array([4])
    expected = [one.rows(last, "deviation")[0, 0] for one in alone if one is not None]
    assert found.rows(last, "deviation").tolist() == [expected]


def test_several_values_of_a_point_stand_together() -> None:
    both = np.array([[1, 10], [3, 30], [1, 10], [3, 30]], dtype=np.float64)
    found = prepare(
        distinct(regular(4), both, unlabelled(4)),
        window_points=2,
        train_percent=100,
        grid_seconds=GRID_SECONDS,
    )
    assert found is not None
    assert found.rows(found.train)[0].tolist() == [-1, -1, 1, 1]


def test_no_point_is_in_both_parts() -> None:
    found = made(np.arange(20.0), np.zeros(20))
    # 14 of 20 points train: windows end at 2 to 13; behind them they end at 16 to 19
    assert found.train.tolist() == list(range(2, 14))
    assert found.holdout.tolist() == found.test.tolist() == [16, 17, 18, 19]


def test_test_windows_are_the_held_out_ones_whose_last_point_is_labelled() -> None:
    labels = unlabelled(20)
    labels[[15, 17, 19]] = 1, 0, 1
    found = made(np.arange(20.0), labels)
    assert found.holdout.tolist() == [16, 17, 18, 19]
    assert found.test.tolist() == [17, 19]
    assert found.grid.labels[found.test].tolist() == [0, 1]


def test_points_between_grid_times_are_averaged_and_an_anomaly_stays_one() -> None:
    grid = grid_of(
        [START, START + 1, START + STEP - 1, START + STEP], [1, 2, 6, 5], [0, 1, np.nan, np.nan]
    )
    assert grid.values.ravel().tolist() == [3, 5]
    assert grid.labels.tolist()[0] == 1
    assert np.isnan(grid.labels[1])
    assert grid.slots.tolist() == [START // STEP, START // STEP + 1]


def test_of_two_records_of_one_time_the_labelled_one_stays() -> None:
    def kept(*records: tuple[float, float]) -> tuple[float, float]:
        values, labels = zip(*records, strict=True)
        found = points([START] * len(values), values, labels)
        assert (found.records, len(found.times)) == (len(records), 1)
        return float(found.values[0, 0]), float(found.labels[0])

    assert kept((1, np.nan), (9, 0)) == (9, 0)
    assert kept((1, 0), (9, 1)) == (9, 1)
    assert kept((9, 0), (1, 0)) == (1, 0)


def test_times_before_1970_are_rounded_down_too() -> None:
    grid = grid_of([-1, 0], [1, 2])
    assert grid.slots.tolist() == [-1, 0]
    assert window_ids("a", grid, np.array([0])) == ["a/1969-12-31T23:55:00Z"]


def test_a_stray_time_costs_no_memory() -> None:
    """One point two thousand years before the others: the grid in between is not made."""
    times = np.concatenate([[-62_000_000_000 * SECOND], regular(5)])
    assert grid_of(times, np.arange(6.0)).gaps > 200_000_000
    assert prepared(np.arange(6.0), times=times) is None


def test_a_constant_series_becomes_zeros_and_what_changes_later_is_seen() -> None:
    # the mean of twelve times 0.1 is not 0.1
    found = made([0.1] * 13 + [0.6], train_percent=90)
    assert (found.mean.tolist(), found.sd.tolist()) == ([0.1], [1.0])
    assert not found.rows(found.train).any()
    assert found.rows(np.array([13])).tolist() == [[0, 0, np.float32(0.5)]]


def test_what_varies_too_little_for_a_deviation_is_not_divided_by_zero() -> None:
    _, sd = mean_and_sd(column([0, 1e-200]))
    assert sd.tolist() == [1]


def test_zero_has_no_sign() -> None:
    """Zeros sort alike: which of two stayed would be up to the records' order."""
    for zeros in ([0.0, -0.0], [-0.0, 0.0]):
        assert not np.signbit(grid_of([START, START], zeros).values).any()


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        ([0, 60, 120, 180], 60),
        ([0, 60, 120, 900, 960, 2000], 60),
        ([0, 300, 360, 660, 720], 60),  # two of each: the shorter one
        ([0, 0.4, 60.2, 60.9, 120], 60),  # whole seconds, each once
        ([0, 0.1, 0.2, 0.9, 7], 7),
        ([0, 10, 20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95, 100], 10),  # after 70 %: faster
        ([0, 0.1, 0.2], None),
        ([5], None),
    ],
)
def test_the_usual_step_is_the_most_frequent_one_of_the_training_part(
    seconds: list[float], step: int | None
) -> None:
    times = START + np.round(np.array(seconds) * SECOND).astype(np.int64)
    assert usual_step(times, 100 if step == 7 else 70) == step


def test_without_a_step_given_a_series_lies_on_its_own_grid() -> None:
    times = START + 1800 * SECOND * np.arange(20)
    found = made(np.arange(20.0), times=times, grid_seconds=None)
    assert (found.grid.grid_seconds, found.grid.gaps) == (1800, 0)
    assert window_ids("a", found.grid, found.train[:1]) == ["a/2014-04-01T01:00:00Z"]
    assert prepared(np.arange(20.0), times=times) is None  # all gaps, every five minutes


def test_a_series_without_two_times_in_its_training_part_is_too_short() -> None:
    times = [START, START + 100 * STEP]
    assert prepared([1, 2], times=times, window_points=1, grid_seconds=None) is None
    assert prepared([1, 2], times=times, window_points=1) is not None
