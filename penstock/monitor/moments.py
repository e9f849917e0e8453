"""Count, sum, mean, spread and range of numbers, in parts that merge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from penstock.monitor.distribution import Floats


@dataclass
class Moments:
    """Of no number at first. Parts merge after Chan, Golub and LeVeque (1979)."""

    count: int = 0
    sum: float = 0.0
    mean: float = 0.0
    squares: float = 0.0  # sum of the squared distances from the mean
    minimum: float = math.inf
    maximum: float = -math.inf

    @classmethod
    def of(cls, values: Floats) -> Moments:
        """Of finite numbers."""
        if not len(values):
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
            mean = total / len(values)
            away = values - mean
            away *= away  # not np.dot: its threads cost more than they save on a batch
            return cls(
                len(values),
                total,
                mean,
                float(away.sum()),
                float(values.min()),
                float(values.max()),
            )

    def merge(self, other: Moments) -> None:
        """Add another part's."""
        if not other.count:
            return
        count = self.count + other.count
        apart = other.mean - self.mean
        self.squares += other.squares + apart * apart * (self.count / count) * other.count
        self.mean += apart * (other.count / count)
        self.count = count
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    @property
    def deviation(self) -> float:
        """The population's standard deviation (dividing by n), as Deequ's StandardDeviation."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan
