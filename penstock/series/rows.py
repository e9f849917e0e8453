"""What a window becomes: a row of the training data, and of a request."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from penstock.series.arrays import Floats, Rows

Row = Literal["points", "deviation"]
ROWS: tuple[Row, ...] = ("points", "deviation")
LEAST_DEVIATION_POINTS = 3  # two before the last one have a deviation
# of the series' own standard deviation: what a flat stretch is measured by
QUIET = 0.2


def rows_of(windows: npt.NDArray[np.float64], row: Row) -> Rows:
    """One row for each normalised window.

    Args:
        windows: (windows, points, columns), the oldest point first.
        row: "points" are the values of all points, one after the other; "deviation" is, for each
            column, how far the last point lies from the mean of those before it, in their
            standard deviation (of the population), which counts as QUIET at least.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # refused where rows are written
        values = deviations(windows) if row == "deviation" else windows.reshape(len(windows), -1)
        rows: Rows = values.astype(np.float32)
    return rows


def deviations(windows: npt.NDArray[np.float64]) -> Floats:
    """(windows, columns): see `rows_of`."""
    before = windows[:, :-1]
    spread = np.maximum(before.std(axis=1), QUIET)
    found: Floats = (windows[:, -1] - before.mean(axis=1)) / spread
    return found
