"""Puts boxes on a grid: one band of rows for each purpose, from left to right as data goes."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.review.diagram.graph import Graph, Node

COLUMNS = 6


@dataclass(frozen=True)
class Cell:
    """A place on the grid; both count from 0."""

    row: int
    column: int


@dataclass(frozen=True)
class Grid:
    """Where each box is, and which rows are a band."""

    cells: dict[str, Cell]
    bands: list[tuple[str, int, int]]  # purpose, first row, last row


def place(graph: Graph) -> Grid:
    """A box is right of those of its band that it has its data from, as far as there is room."""
    cells: dict[str, Cell] = {}
    bands = []
    row = 0
    for purpose, nodes in graph.groups.items():
        ranks = _ranks(graph, nodes)
        ordered = sorted(nodes, key=lambda node: ranks[node.id])  # equal ones as in the templates
        taken: set[Cell] = set()
        for node in ordered:
            wanted = ranks[node.id]
            cell = Cell(row + wanted // COLUMNS, wanted % COLUMNS)
            while cell in taken:
                cell = _next(cell, row)
            taken.add(cell)
            cells[node.id] = cell
        last = max(cell.row for cell in taken)
        bands.append((purpose, row, last))
        row = last + 1
    return Grid(cells, bands)


def _next(cell: Cell, first_row: int) -> Cell:
    """The place below; under three rows, to the right."""
    if cell.row - first_row < 2 or cell.column == COLUMNS - 1:
        return Cell(cell.row + 1, cell.column)
    return Cell(first_row, cell.column + 1)


def _ranks(graph: Graph, nodes: list[Node]) -> dict[str, int]:
    """How many boxes of the band are before each on the longest way to it, circles broken."""
    inside = {node.id for node in nodes}
    onward: dict[str, list[str]] = {node.id: [] for node in nodes}
    for arrow in graph.arrows:
        if {arrow.source, arrow.target} <= inside:
            onward[arrow.source].append(arrow.target)
    order: list[str] = []
    state: dict[str, int] = {}

    def visit(name: str) -> None:
        state[name] = 1
        for other in list(onward[name]):
            if state.get(other) == 1:
                onward[name].remove(other)  # it would close a circle
            elif other not in state:
                visit(other)
        state[name] = 2
        order.append(name)

    reached = {target for targets in onward.values() for target in targets}
    # a circle begins at the box that hands most on
    for node in sorted(nodes, key=lambda node: (node.id in reached, -len(onward[node.id]))):
        if node.id not in state:
            visit(node.id)
    ranks = dict.fromkeys(order, 0)
    for name in reversed(order):
        for other in onward[name]:
            ranks[other] = max(ranks[other], ranks[name] + 1)
    return ranks
