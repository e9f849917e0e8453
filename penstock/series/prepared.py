"""A series from its points to the windows to train on and those held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penstock.series.arrays import Floats, Integers, Rows
from penstock.series.grid import Grid, on_grid
from penstock.series.points import Points
from penstock.series.rows import Row, rows_of
from penstock.series.step import usual_step
from penstock.series.training import mean_and_sd, training_end
from penstock.series.windows import complete_windows, normalised


@dataclass(frozen=True)
class Prepared:
    """A series on its grid, by what it is normalised, and where its windows end.

    `train` and `holdout` are places in the grid: complete windows in the training window, and
    wholly behind it. A window's label is that of its last point. `gap_windows` would be further
    ones, had they no gap.
    """

    grid: Grid
    window_points: int
    mean: Floats
    sd: Floats
    train: Integers
    holdout: Integers
    gap_windows: int

    @property
    def test(self) -> Integers:
        """The held-out windows whose label is known."""
        known: Integers = self.holdout[~np.isnan(self.grid.labels[self.holdout])]
        return known

    def rows(self, ends: Integers, row: Row = "points") -> Rows:
        """A row for each window that ends there."""
        values = self.grid.values
        return rows_of(normalised(values, ends, self.window_points, self.mean, self.sd), row)


def prepare(
    points: Points, *, window_points: int, train_percent: int, grid_seconds: int | None = None
) -> Prepared | None:
    """Learn a series' figures on its training window, and find its windows.

    Args:
        points: at least one.
        window_points: consecutive grid times in a window.
        train_percent: of the grid times from the first point to the last, from the start, are the
            training window; 1 to 100.
        grid_seconds: the grid's step; None is the series' usual one.

    Returns:
        None if the series is too short: it has no complete window to train on, or its training
        part has no two times to tell a step by.
    """
    step = usual_step(points.times, train_percent) if grid_seconds is None else grid_seconds
    if step is None:
        return None
    grid = on_grid(points, step)
    slots = grid.slots
    end = training_end(slots, train_percent)
    windows = complete_windows(slots, window_points)
    lasts = slots[windows]
    train = windows[lasts < end]
    if not len(train):
        return None
    holdout = windows[lasts - window_points + 1 >= end]
    places = max(0, end - int(slots[0]) - window_points + 1) + max(
        0, int(slots[-1]) + 1 - end - window_points + 1
    )
    mean, sd = mean_and_sd(grid.values[slots < end])
    return Prepared(
        grid=grid,
        window_points=window_points,
        mean=mean,
        sd=sd,
        train=train,
        holdout=holdout,
        gap_windows=places - len(train) - len(holdout),
    )
