"""One series' records as points: one for each time, whatever order the records came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penstock.series.arrays import Floats, Integers

MICROSECONDS = 1_000_000  # in a second


@dataclass(frozen=True)
class Points:
    """A series' points in order of time.

    `times` are microseconds since 1970, ascending and distinct; `values` has a row for each and a
    column for each value; `labels` are 0, 1 (an anomaly) or NaN (unknown). `records` were read.
    """

    times: Integers
    values: Floats
    labels: Floats
    records: int


def distinct(times: Integers, values: Floats, labels: Floats) -> Points:
    """The points of one series' records, one for each time.

    Of records with the same time a labelled one stays before an unlabelled one (labels may become
    known later), an anomaly before none, then the one with the least values.

    Args:
        times: microseconds since 1970, at least one.
        values: a row for each record, a column for each value; finite.
        labels: 0, 1 or NaN for each record.
    """
    values = values + 0.0  # minus zero becomes zero: they sort alike and are written differently
    # by time, then as duplicates are preferred; the last key weighs most
    preference = np.where(np.isnan(labels), 1.0, -labels)
    order = np.lexsort((*values.T[::-1], preference, times))
    times, values, labels = times[order], values[order], labels[order]
    first = np.ones(len(times), bool)
    first[1:] = times[1:] != times[:-1]
    return Points(times[first], values[first], labels[first], records=len(order))
