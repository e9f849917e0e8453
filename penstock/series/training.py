"""What is learned of a series: where its training window ends, and by what it is normalised."""

from __future__ import annotations

import numpy as np

from penstock.series.arrays import Floats, Integers


def training_end(slots: Integers, train_percent: int) -> int:
    """The first slot behind the training window."""
    span = int(slots[-1] - slots[0]) + 1
    return int(slots[0]) + span * train_percent // 100


def mean_and_sd(values: Floats) -> tuple[Floats, Floats]:
    """By which each column is normalised. A constant column: its value, and 1."""
    with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses what is not finite
        mean, sd = values.mean(axis=0), values.std(axis=0)
    constant = (values == values[0]).all(axis=0)
    # rounding gives a constant column's mean a last digit of its own
    return np.where(constant, values[0], mean), np.where(constant | (sd == 0), 1.0, sd)
