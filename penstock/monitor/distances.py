"""How far two distributions are apart.

Formulas: Deequ 2.0 Distance.scala (the managed image is closed source). Numeric: the largest
difference of the two distribution functions; categories: the largest difference of two shares.
`simple` is that number, `robust` takes off what chance alone explains:
max(0, D - 1.8 * sqrt((n + m) / (n * m))), at a significance of about 0.003.

Conflict: Deequ's flag `correctForLowNumberOfSamples=true` returns the *simple* distance; here the
names say what is done. The constraints file's method is written `Simple`/`Robust` in the schema and
`linf_simple`/`linf_robust` in the table beside it: both are read, the schema's is written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from penstock.monitor.distribution import Distribution
from penstock.monitor.errors import MonitorError

CORRECTION = 1.8


class Distance(StrEnum):
    """`comparison_method` of constraints.json, as its schema writes it."""

    ROBUST = "Robust"
    SIMPLE = "Simple"

    @classmethod
    def read(cls, text: str) -> Distance:
        """Either spelling, in any case; MonitorError for anything else."""
        for method in cls:
            if text.lower() in (method.lower(), f"linf_{method.lower()}"):
                return method
        raise MonitorError(
            f"comparison_method {text!r} is unknown: use Robust or Simple "
            "(Model Monitor, schema for constraints)"
        )


def numeric_distance(one: Distribution, other: Distribution, method: Distance) -> float:
    """Between 0 and 1, from two sketches that each hold at least one value.

    Values that are the same as float32 count as the same: training data lie in float32, requests
    write the same numbers in decimals (0.1, 0.100000001), and a column of few different values
    would seem to have drifted altogether.
    """
    one, other = one.in_single_precision(), other.in_single_precision()
    points = np.union1d(one.values, other.values)
    largest = float(np.abs(one.shares_up_to(points) - other.shares_up_to(points)).max())
    return _selected(largest, one.count, other.count, method)


def categorical_distance(
    one: Mapping[str, int], other: Mapping[str, int], method: Distance
) -> float:
    """Between 0 and 1, from the counts of two sets of categories, neither of them empty."""
    one_total, other_total = sum(one.values()), sum(other.values())
    largest = max(
        abs(one.get(value, 0) / one_total - other.get(value, 0) / other_total)
        for value in one.keys() | other.keys()
    )
    return _selected(largest, one_total, other_total, method)


def _selected(largest: float, one: float, other: float, method: Distance) -> float:
    if method is Distance.SIMPLE:
        return largest
    return max(0.0, largest - CORRECTION * math.sqrt((one + other) / (one * other)))
