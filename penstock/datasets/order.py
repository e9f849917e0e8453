"""The order in which points of many series are sent: side by side, as if they were live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def side_by_side(series: Mapping[str, Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """All points, by each one's share of its own series, then by the series' names.

    The share of a point is (its place + 0.5) / the points of its series: whatever part of the
    whole was sent, every series is through the same part of its own.
    """
    places = sorted(
        ((place + 0.5) / len(points), name, place)
        for name, points in series.items()
        for place in range(len(points))
    )
    return [series[name][place] for _, name, place in places]


def first_points(
    records: Iterable[dict[str, Any]], *, series_field: str, count: int
) -> list[dict[str, Any]]:
    """At most `count` records: equally many of each series from its start, side by side again.

    A series that is shorter gives all it has, and leaves its room to the others.
    """
    series: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        series[str(record[series_field])].append(record)
    room, kept = count, 0
    lengths = sorted(len(points) for points in series.values())
    for done, length in enumerate(lengths):
        kept = room // (len(lengths) - done)
        if length > kept:
            break
        room -= length
        kept = length
    return side_by_side({name: points[:kept] for name, points in series.items()})
