"""How far apart a series' points usually are: the step of its grid when none is given."""

from __future__ import annotations

import numpy as np

from penstock.series.arrays import Integers
from penstock.series.points import MICROSECONDS


def usual_step(times: Integers, train_percent: int) -> int | None:
    """Seconds: the most frequent difference between consecutive times, the least of equal ones.

    Times are rounded down to whole seconds, and only those of the first `train_percent` of the
    time from the first to the last count. None if fewer than two of them differ.

    Args:
        times: microseconds since 1970, ascending.
        train_percent: 1 to 100.
    """
    passed = times - times[0]
    training = times[passed <= int(passed[-1]) * train_percent // 100]
    differences = np.diff(np.unique(training // MICROSECONDS))
    if not len(differences):
        return None
    steps, counts = np.unique(differences, return_counts=True)
    return int(steps[np.argmax(counts)])
