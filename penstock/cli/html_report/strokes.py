"""Many points as few strokes of an SVG path: what a pixel column can show, and no spike less."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

Place = tuple[float, float | None]  # x to the right, y downwards; y None where nothing is known


def curve(places: Iterable[Place]) -> str:
    """The path of a curve: of each whole x the lowest and the highest y, as they came.

    The curve is interrupted where a whole x has places and no y. Places must be ordered by x.
    """
    path: list[str] = []
    pen = "M"
    for x, column in groupby(places, key=lambda place: int(place[0])):
        known = [round(y) for _, y in column if y is not None]
        if not known:
            pen = "M"
            continue
        ends = sorted({min(known), max(known)}, key=known.index)
        # a stroke of no length, so that a lone point is seen
        path.append(f"{pen}{x},{ends[0]}" + ("h0" if pen == "M" else ""))
        path.extend(f"V{y}" for y in ends[1:])
        pen = "L"
    return "".join(path)


def dots(places: Iterable[tuple[float, float]]) -> str:
    """A path that round line ends make dots of; one for all that lie on the same spot."""
    spots = dict.fromkeys((int(x), round(y)) for x, y in places)
    return "".join(f"M{x},{y}h0" for x, y in spots)
