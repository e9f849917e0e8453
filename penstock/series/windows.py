"""Windows of a series: where they end, what they hold, what they are known by."""

from __future__ import annotations

from typing import Any

import numpy as np

from penstock.series.arrays import Floats, Integers, Rows
from penstock.series.grid import Grid


def complete_windows(slots: Integers, window_points: int) -> Integers:
    """Where, in `slots`, the windows without a gap end."""
    ends = np.arange(window_points - 1, len(slots))
    steps = slots[ends] - slots[ends - window_points + 1]
    complete: Integers = ends[steps == window_points - 1]
    return complete


def normalised(
    values: Floats, ends: Integers, window_points: int, mean: Floats, sd: Floats
) -> Rows:
    """The normalised windows that end at these rows of `values`, the oldest point first.

    One window a row, `window_points` times the columns of `values` wide.
    """
    places = ends[:, None] + np.arange(1 - window_points, 1)
    with np.errstate(over="ignore"):  # infinity is refused where rows are written
        windows: Any = ((values[places] - mean) / sd).astype(np.float32)
    rows: Rows = windows.reshape(len(ends), window_points * len(mean))
    return rows


def window_ids(name: str, grid: Grid, ends: Integers) -> list[str]:
    """What windows are known by: the series and the grid time of their last point, in UTC."""
    times = (grid.slots[ends] * grid.grid_seconds).astype("datetime64[s]")
    return [f"{name}/{time}Z" for time in np.datetime_as_string(times)]
