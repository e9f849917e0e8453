"""Leads arrows around the boxes: along corridors between rows and gutters between columns.

Arrows of one kind from one box share their way, so a hub has one line that branches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from penstock.review.diagram.graph import Arrow, Graph
from penstock.review.diagram.placing import COLUMNS, Cell, Grid

BOX_WIDTH, BOX_HEIGHT = 148, 46
_TRACK = 7  # between two lines that run side by side
_LABEL = 20  # the band's name
_PAD = 10

Point = tuple[float, float]
Net = tuple[str, str]  # who it comes from, and which kind of arrow


@dataclass(frozen=True)
class Route:
    """An arrow's way: it goes straight from point to point."""

    arrow: Arrow
    points: list[Point]


@dataclass(frozen=True)
class Band:
    """The frame around the boxes of a purpose."""

    purpose: str
    top: float
    bottom: float


@dataclass(frozen=True)
class Drawing:
    """Everything in pixels; `boxes` are the upper left corners."""

    width: float
    height: float
    boxes: dict[str, Point]
    bands: list[Band]
    routes: list[Route]


@dataclass(frozen=True)
class _Plan:
    """Which way an arrow takes. A plain one goes straight to the box beside it."""

    arrow: Arrow
    leaves: str  # right, left, top or bottom of its box
    enters: str
    corridors: tuple[int, ...] = ()  # at most two; number n is above row n
    gutter: int | None = None  # number n is left of column n

    @property
    def net(self) -> Net:
        return (self.arrow.source, self.arrow.flow)


def draw(graph: Graph, grid: Grid) -> Drawing:
    """The same graph always gives the same drawing."""
    plans = [_plan(arrow, grid) for arrow in graph.arrows]
    gutters = _tracks(
        (plan.gutter, plan.net, (float(min(plan.corridors)), float(max(plan.corridors))))
        for plan in plans
        if plan.gutter is not None
    )
    lefts = _column_lefts(gutters)
    ports = _ports(plans, grid, lefts)
    xs = {plan.arrow: _xs(plan, ports, gutters, lefts) for plan in plans}
    corridors = _tracks(
        (corridor, plan.net, (min(pair), max(pair)))
        for plan in plans
        for corridor, pair in zip(plan.corridors, _pairs(xs[plan.arrow]), strict=False)
    )
    rows, tops, bands, height = _heights(grid, corridors)
    boxes = {name: (lefts[cell.column], rows[cell.row]) for name, cell in grid.cells.items()}
    routes = [
        Route(plan.arrow, _points(plan, xs[plan.arrow], corridors, tops, boxes)) for plan in plans
    ]
    width = lefts[-1] + BOX_WIDTH + 2 * _PAD + _TRACK * _count(gutters, COLUMNS)
    return Drawing(width, height, boxes, bands, routes)


def _plan(arrow: Arrow, grid: Grid) -> _Plan:
    source, target = grid.cells[arrow.source], grid.cells[arrow.target]
    if source.row == target.row and _is_free(source, target, grid):
        sides = ("right", "left") if source.column < target.column else ("left", "right")
        return _Plan(arrow, *sides)
    gutter = target.column + (source.column > target.column)
    if target.row > source.row:
        first, last = source.row + 1, target.row
        corridors = (first,) if first == last else (first, last)
        return _Plan(arrow, "bottom", "top", corridors, None if first == last else gutter)
    if target.row == source.row:
        return _Plan(arrow, "top", "top", (source.row,))
    first, last = source.row, target.row + 1
    corridors = (first,) if first == last else (first, last)
    return _Plan(arrow, "top", "bottom", corridors, None if first == last else gutter)


def _is_free(source: Cell, target: Cell, grid: Grid) -> bool:
    """Whether no box is between two of the same row."""
    low, high = sorted((source.column, target.column))
    return not any(
        cell.row == source.row and low < cell.column < high for cell in grid.cells.values()
    )


def _tracks(
    wanted: Iterable[tuple[int, Net, tuple[float, float]]],
) -> dict[tuple[int, Net], int]:
    """In each corridor or gutter a track for each net, so that no two nets run on one spot."""
    spans: dict[int, dict[Net, tuple[float, float]]] = defaultdict(dict)
    for place, net, (low, high) in wanted:
        before = spans[place].get(net, (low, high))
        spans[place][net] = (min(before[0], low), max(before[1], high))
    found: dict[tuple[int, Net], int] = {}
    for place, nets in spans.items():
        ends: list[float] = []  # where the last line of each track ends
        for net, (low, high) in sorted(nets.items(), key=lambda item: (item[1], item[0])):
            track = next((t for t, end in enumerate(ends) if end + 4 < low), len(ends))
            ends[track:] = [high] if track == len(ends) else [high, *ends[track + 1 :]]
            found[place, net] = track
    return found


def _count(tracks: dict[tuple[int, Net], int], place: int) -> int:
    return max((track + 1 for (at, _), track in tracks.items() if at == place), default=0)


def _column_lefts(gutters: dict[tuple[int, Net], int]) -> list[float]:
    lefts = []
    x = float(_PAD)
    for column in range(COLUMNS):
        x += max(22, _TRACK * (_count(gutters, column) + 1))
        lefts.append(x)
        x += BOX_WIDTH
    return lefts


def _ports(plans: list[_Plan], grid: Grid, lefts: list[float]) -> dict[tuple[str, str, Net], float]:
    """Where lines touch the upper and lower sides of boxes, spread evenly, in order of the ends."""
    wanted: dict[tuple[str, str], dict[Net, list[int]]] = defaultdict(lambda: defaultdict(list))
    for plan in plans:
        source, target = grid.cells[plan.arrow.source], grid.cells[plan.arrow.target]
        if plan.corridors:
            wanted[plan.arrow.source, plan.leaves][plan.net].append(target.column)
            wanted[plan.arrow.target, plan.enters][plan.net].append(source.column)
    ports = {}
    for (name, side), nets in wanted.items():
        left = lefts[grid.cells[name].column]
        ordered = sorted(nets, key=lambda net: (sum(nets[net]) / len(nets[net]), net))
        for place, net in enumerate(ordered):
            ports[name, side, net] = left + BOX_WIDTH * (place + 1) / (len(ordered) + 1)
    return ports


def _xs(
    plan: _Plan,
    ports: dict[tuple[str, str, Net], float],
    gutters: dict[tuple[int, Net], int],
    lefts: list[float],
) -> list[float]:
    """The x of each vertical part of the way, from the source on; none for a straight one."""
    if not plan.corridors:
        return []
    found = [ports[plan.arrow.source, plan.leaves, plan.net]]
    if plan.gutter is not None:
        track = gutters[plan.gutter, plan.net]
        right = lefts[plan.gutter] if plan.gutter < COLUMNS else None
        first = right - _TRACK if right is not None else lefts[-1] + BOX_WIDTH + _TRACK
        found.append(first - _TRACK * track if right is not None else first + _TRACK * track)
    return [*found, ports[plan.arrow.target, plan.enters, plan.net]]


def _pairs(xs: list[float]) -> list[tuple[float, float]]:
    return list(pairwise(xs))


def _heights(
    grid: Grid, corridors: dict[tuple[int, Net], int]
) -> tuple[list[float], list[float], list[Band], float]:
    """The y of each row and of each corridor's first track, the bands, and the height of it all."""
    rows: list[float] = []
    tops: list[float] = []
    bands = []
    y = float(_PAD)
    for purpose, first, last in grid.bands:
        top = y
        y += _LABEL
        for row in range(first, last + 1):
            y += _TRACK
            tops.append(y)
            y += _TRACK * max(1, _count(corridors, row))
            rows.append(y)
            y += BOX_HEIGHT
        y += _PAD
        bands.append(Band(purpose, top, y))
        y += _PAD
    tops.append(y)
    return rows, tops, bands, y + _TRACK * _count(corridors, len(rows)) + _PAD


def _points(
    plan: _Plan,
    xs: list[float],
    corridors: dict[tuple[int, Net], int],
    tops: list[float],
    boxes: dict[str, Point],
) -> list[Point]:
    source, target = boxes[plan.arrow.source], boxes[plan.arrow.target]
    if not plan.corridors:
        y = source[1] + BOX_HEIGHT / 2
        return [(source[0] + _side(plan.leaves), y), (target[0] + _side(plan.enters), y)]
    ys = [tops[at] + _TRACK * corridors[at, plan.net] for at in plan.corridors]
    points = [(xs[0], source[1] + (BOX_HEIGHT if plan.leaves == "bottom" else 0))]
    for place, y in enumerate(ys):
        points += [(xs[place], y), (xs[place + 1], y)]
    points.append((xs[-1], target[1] + (BOX_HEIGHT if plan.enters == "bottom" else 0)))
    return points


def _side(side: str) -> float:
    return BOX_WIDTH if side == "right" else 0
