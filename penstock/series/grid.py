"""A series on a regular grid: times that are whole multiples of a step, and gaps between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penstock.series.arrays import Floats, Integers
from penstock.series.points import MICROSECONDS, Points


@dataclass(frozen=True)
class Grid:
    """A series on its grid of `grid_seconds`.

    `slots` are grid times with a value, ascending, counted in grid steps since 1970; `values` has
    a row for each and a column for each value; `labels` are 0, 1 or NaN.
    """

    grid_seconds: int
    slots: Integers
    values: Floats
    labels: Floats

    @property
    def gaps(self) -> int:
        """Grid times without a value, from the first slot to the last."""
        return int(self.slots[-1] - self.slots[0]) + 1 - len(self.slots)


def on_grid(points: Points, grid_seconds: int) -> Grid:
    """The points with their times rounded down to the grid.

    A grid time's value is the mean of its points, its label 1 if one of them has 1. Nothing is
    filled in where there is no point.
    """
    slots, starts, counts = np.unique(
        points.times // (grid_seconds * MICROSECONDS), return_index=True, return_counts=True
    )
    with np.errstate(over="ignore"):  # it would make the series' mean infinite, too
        sums = np.add.reduceat(points.values, starts, axis=0)
    return Grid(
        grid_seconds=grid_seconds,
        slots=slots,
        values=sums / counts[:, None],
        labels=np.fmax.reduceat(points.labels, starts),  # fmax: a number before NaN
    )
