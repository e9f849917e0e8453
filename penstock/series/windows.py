"""Windows of a series: where they end, what they hold, what they are known by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penstock.series.arrays import Floats, Integers
from penstock.series.grid import Grid


def complete_windows(slots: Integers, window_points: int) -> Integers:
    """Where, in `slots`, the windows without a gap end."""
    ends = np.arange(window_points - 1, len(slots))
    steps = slots[ends] - slots[ends - window_points + 1]
    complete: Integers = ends[steps == window_points - 1]
    return complete


def normalised(
    values: Floats, ends: Integers, window_points: int, mean: Floats, sd: Floats
) -> npt.NDArray[np.float64]:
    """(windows, points, columns): those that end at these rows of `values`, oldest point first."""
    places = ends[:, None] + np.arange(1 - window_points, 1)
    with np.errstate(over="ignore"):  # infinity is refused where rows are written
        windows: npt.NDArray[np.float64] = (values[places] - mean) / sd
    return windows


def window_ids(name: str, grid: Grid, ends: Integers) -> list[str]:
    """What windows are known by: the series and the grid time of their last point, in UTC."""
    times = (grid.slots[ends] * grid.grid_seconds).astype("datetime64[s]")
    return [f"{name}/{time}Z" for time in np.datetime_as_string(times)]
