"""Windows hit and false alerts: how the benchmarks count them, and which settings they choose."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.alerts import Tally, Watched, best, tally, window_numbers
from benchmarks.rolling import rolling_z_scores


def watched(windows: list[int], scores: list[float]) -> Watched:
    return Watched(np.array(windows), np.array(scores))


def test_each_run_of_labelled_points_is_a_window() -> None:
    labels = np.array([1.0, 1, 0, np.nan, 1, 0, 1, 1])
    assert window_numbers(labels).tolist() == [1, 1, 0, 0, 2, 0, 3, 3]
    assert window_numbers(np.zeros(2)).tolist() == [0, 0]


def test_a_window_is_hit_once_and_an_alert_outside_is_false() -> None:
    first = watched([0, 1, 1, 0, 2], [9.0, 9.0, 9.0, 1.0, 1.0])
    second = watched([1, 0, 0, 0, 0], [3.0, 1.0, 9.0, 9.0, 1.0])
    found = tally([first, second], threshold=3.0)  # a score at the threshold is not above it
    assert found == Tally(points=10, windows=3, hit=1, alerts=5, false_alerts=3)
    assert found.false_per_thousand == 300.0
    assert tally([first, second], threshold=2.9).hit == 2


def test_windows_without_a_scored_point_do_not_count() -> None:
    assert tally([watched([2, 2, 0], [0.0, 5.0, 0.0])], threshold=1.0).windows == 1


@pytest.mark.parametrize(
    ("tallies", "chosen"),
    [
        ([(9, 11), (7, 9), (7, 8), (6, 0)], 2),  # too loud; louder than its equal; fewer hits
        ([(9, 11), (0, 10)], 1),  # a quiet one that finds nothing before a loud one
        ([(9, 40), (3, 20), (5, 30)], 1),  # none is quiet
    ],
)
def test_the_most_hits_of_the_quiet_settings_are_chosen(
    tallies: list[tuple[int, int]], chosen: int
) -> None:
    found = [Tally(1000, 14, hit, hit + false, false) for hit, false in tallies]
    assert best(found, most_false=10.0) == chosen


def test_a_z_score_is_of_the_values_before() -> None:
    values = np.array([1.0, 3.0, 1.0, 3.0, 5.0, 2.0])
    places = np.array([1, 4, 5])
    # 3 after a 1; 5 after 1, 3, 1, 3 (mean 2, sd 1); 2 after 3, 1, 3, 5 (mean 3, variance 2)
    expected = [np.inf, 3.0, 1 / np.sqrt(2.0)]
    assert rolling_z_scores(values, places, before=4) == pytest.approx(expected)
    shifted = rolling_z_scores(values + 1e6, places[1:], before=4)
    assert shifted == pytest.approx(expected[1:], rel=1e-6)


def test_a_series_that_does_not_vary_is_quiet() -> None:
    assert rolling_z_scores(np.full(5, 0.1), np.array([2, 4]), before=2).tolist() == [0.0, 0.0]
