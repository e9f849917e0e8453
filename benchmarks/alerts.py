"""What alerts are worth: labelled windows that were hit, and alerts that nobody wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


def window_numbers(labels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which labelled window each point of a series is in: 1, 2, ... in time order, 0 for none.

    A window is a run of points with label 1.
    """
    inside = labels == 1
    begins = inside & ~np.concatenate(([False], inside[:-1]))
    return np.where(inside, np.cumsum(begins), 0)


@dataclass(frozen=True)
class Watched:
    """The points of one series that have a score, with their windows' numbers."""

    windows: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Tally:
    """What one threshold gives: only windows with a scored point count."""

    points: int
    windows: int
    hit: int
    alerts: int
    false_alerts: int

    @property
    def false_per_thousand(self) -> float:
        """Alerts outside labelled windows per thousand scored points."""
        return 1000 * self.false_alerts / self.points

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "windows": {"labelled": self.windows, "hit": self.hit},
            "alerts": self.alerts,
            "false_alerts_per_thousand": round(self.false_per_thousand, 2),
        }


def tally(series: Iterable[Watched], threshold: float) -> Tally:
    """Every scored point above the threshold is an alert."""
    points = windows = hit = alerts = false_alerts = 0
    for watched in series:
        told = watched.windows[watched.scores > threshold]
        points += len(watched.windows)
        windows += len(_numbers(watched.windows))
        hit += len(_numbers(told))
        alerts += len(told)
        false_alerts += int((told == 0).sum())
    return Tally(points, windows, hit, alerts, false_alerts)


def _numbers(windows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(windows[windows > 0])


def best(tallies: Sequence[Tally], most_false: float) -> int:
    """The place of the tally to choose.

    Among those with at most `most_false` false alerts per thousand points the one with the most
    windows hit; of equal ones, and if there is none so quiet, the one with the fewest false alerts.
    """

    def worth(place: int) -> tuple[bool, int, float]:
        quiet = tallies[place].false_per_thousand <= most_false
        hit = tallies[place].hit if quiet else 0
        return quiet, hit, -tallies[place].false_per_thousand

    return max(range(len(tallies)), key=worth)
