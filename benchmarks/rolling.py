"""The rolling z-score, a baseline for alerts on a series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rolling_z_scores(
    values: NDArray[np.float64], places: NDArray[np.int64], before: int
) -> NDArray[np.float64]:
    """How many deviations (of the population) the value at each place is from the mean before it.

    Mean and deviation are those of up to `before` values before the place, of which there is one
    at least. After values that are all the same another one is infinitely far away.
    """
    centred = values - values.mean()  # sums of squares stay small
    sums = np.concatenate(([0.0], np.cumsum(centred)))
    squares = np.concatenate(([0.0], np.cumsum(centred**2)))
    first = np.maximum(0, places - before)
    count = places - first
    mean = (sums[places] - sums[first]) / count
    sd = np.sqrt(np.maximum(0.0, (squares[places] - squares[first]) / count - mean**2))
    distance = np.abs(centred[places] - mean)
    nothing = 1e-7 * max(1.0, float(np.abs(values).max()))  # what rounding leaves of the sums
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where(sd > nothing, distance / sd, np.inf)
    return np.where(distance > nothing, scores, 0.0)
