"""A column's distribution as weighted values: what a KLL sketch keeps, and the file's form of it.

The published file holds `sketch.data`, a list of levels; a value of level i stands for 2^i values.
Only that is used for comparing, so a baseline written by Model Monitor or by Deequ works as well as
one written here.

Sources: Model Monitor, "Schema for Statistics"; Deequ 2.0 KLLSketch.scala (k 2048, c 0.64, buckets
of equal width between minimum and maximum, closed below, the last one closed above too). That the
managed image uses Deequ's defaults is unconfirmed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SKETCH_SIZE = 2048  # Deequ's default; the rank error of one query is then below 0.2 %
# Deequ's default, for a reader that goes on compacting; Apache DataSketches, which fills the
# levels here, shrinks them by 2/3. The weights of the levels are the same in both.
SHRINKING_FACTOR = 0.64
BUCKETS = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """Values in ascending order and the number of rows that each stands for."""

    values: Floats
    weights: Floats

    @classmethod
    def of(cls, items: Iterable[tuple[float, int]]) -> Distribution:
        """From (value, weight) pairs in any order, such as a DataSketches sketch gives."""
        pairs = np.fromiter(itertools.chain.from_iterable(items), np.float64).reshape(-1, 2)
        return cls._sorted(pairs[:, 0], pairs[:, 1])

    @classmethod
    def from_levels(cls, levels: Iterable[Iterable[float]]) -> Distribution:
        """From `sketch.data` of statistics.json."""
        held = [np.asarray(list(level), np.float64) for level in levels]
        weights = [np.full(len(level), 2.0**n) for n, level in enumerate(held)]
        nothing = np.empty(0)
        return cls._sorted(np.concatenate([nothing, *held]), np.concatenate([nothing, *weights]))

    @classmethod
    def _sorted(cls, values: Floats, weights: Floats) -> Distribution:
        order = np.argsort(values, kind="stable")
        return cls(values[order], weights[order])

    @property
    def count(self) -> float:
        """The rows behind the distribution."""
        return float(self.weights.sum())

    def in_single_precision(self) -> Distribution:
        """With each value the nearest float32, or as it is if float32 does not reach so far."""
        with np.errstate(over="ignore"):
            nearest = self.values.astype(np.float32).astype(np.float64)
        return Distribution(np.where(np.isfinite(nearest), nearest, self.values), self.weights)

    def levels(self) -> list[list[float]]:
        """`sketch.data`: the values by their weights 1, 2, 4, ..."""
        if not len(self.values):
            return []
        exponents = np.log2(self.weights).astype(int)
        return [self.values[exponents == level].tolist() for level in range(exponents.max() + 1)]

    def shares_up_to(self, points: Floats) -> Floats:
        """The share of rows <= each point (the empirical distribution function)."""
        steps = np.concatenate(([0.0], np.cumsum(self.weights)))
        shares: Floats = steps[np.searchsorted(self.values, points, side="right")] / steps[-1]
        return shares

    def document(self, minimum: float, maximum: float) -> dict[str, Any]:
        """The `distribution` of statistics.json: ten buckets and the sketch.

        Args:
            minimum: of the column itself, which the sketch need not have kept.
            maximum: likewise.
        """
        # not minimum + width * step: the whole range may be beyond a double
        edges = [
            minimum * ((BUCKETS - step) / BUCKETS) + maximum * (step / BUCKETS)
            for step in range(BUCKETS)
        ]
        edges.append(maximum)
        below = np.searchsorted(self.values, edges[1:-1], side="left")
        steps = np.concatenate(([0.0], np.cumsum(self.weights)))
        counts = np.diff([0.0, *steps[below], steps[-1]])
        return {
            "kll": {
                "buckets": [
                    {"lower_bound": edges[n], "upper_bound": edges[n + 1], "count": counts[n]}
                    for n in range(BUCKETS)
                ],
                "sketch": {
                    "parameters": {"c": SHRINKING_FACTOR, "k": float(SKETCH_SIZE)},
                    "data": self.levels(),
                },
            }
        }
