"""A time series made ready for training: points, their grid, its normalised windows.

The job that prepares many series runs this on each of them, and so does whoever wants the very
same windows without Spark. All of it needs numpy alone, but for `records`, which is imported by
its name: it reads Arrow's tables.
"""

from penstock.series.grid import Grid, on_grid
from penstock.series.points import MICROSECONDS, Points, distinct
from penstock.series.prepared import Prepared, prepare
from penstock.series.rows import LEAST_DEVIATION_POINTS, ROWS, Row, rows_of
from penstock.series.step import usual_step
from penstock.series.training import mean_and_sd, training_end
from penstock.series.windows import complete_windows, normalised, window_ids

__all__ = [
    "LEAST_DEVIATION_POINTS",
    "MICROSECONDS",
    "ROWS",
    "Grid",
    "Points",
    "Prepared",
    "Row",
    "complete_windows",
    "distinct",
    "mean_and_sd",
    "normalised",
    "on_grid",
    "prepare",
    "rows_of",
    "training_end",
    "usual_step",
    "window_ids",
]
