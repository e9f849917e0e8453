"""The drawing as SVG, and the graph as Mermaid's text, which pull requests draw."""

from __future__ import annotations

import math
import re

from penstock.html.markup import Html, element
from penstock.review.diagram.graph import Graph, Node
from penstock.review.diagram.placing import place
from penstock.review.diagram.routing import BOX_HEIGHT, BOX_WIDTH, Band, Point, Route, draw

_TITLE_SIGNS = 18  # of the box's width
_CORNER = 5.0
_HEAD = 7.0
_LINKS = {"data": "-->", "start": "-.->", "tell": "==>"}


def svg(graph: Graph) -> Html:
    """The diagram; boxes over lines, so that no line runs through a name."""
    drawing = draw(graph, place(graph))
    return element(
        "svg",
        *[_band(band, drawing.width) for band in drawing.bands],
        *[_route(route) for route in drawing.routes],
        *[_box(graph.nodes[name], at) for name, at in drawing.boxes.items()],
        viewBox=f"0 0 {drawing.width:g} {drawing.height:g}",
        width=drawing.width,
        height=drawing.height,
        role="img",
        aria_label="Resources in the order of the data's way",
        class_="diagram",
    )


def mermaid(graph: Graph) -> str:
    """The same boxes and arrows as a flow chart."""
    numbers = {name: f"n{place}" for place, name in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for purpose, nodes in graph.groups.items():
        lines.append(f"  subgraph {purpose}")
        for node in nodes:
            text = f"{_plain(node.title)}<br/><i>{node.label}</i>"
            lines.append(f'    {numbers[node.id]}["{text}"]')
        lines.append("  end")
    for arrow in graph.arrows:
        link = f"<{_LINKS[arrow.flow]}" if arrow.is_mutual else _LINKS[arrow.flow]
        lines.append(f"  {numbers[arrow.source]} {link} {numbers[arrow.target]}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Letters that Mermaid takes for nothing else."""
    return re.sub(r"[^\w ./()-]", "?", text)


def _band(band: Band, width: float) -> Html:
    return element(
        "g",
        element("rect", x=2, y=band.top, width=width - 4, height=band.bottom - band.top, rx=8),
        element("text", band.purpose, x=12, y=band.top + 15),
        class_="band",
    )


def _box(node: Node, at: Point) -> Html:
    x, y = at
    return element(
        "g",
        element("title", f"{node.name} ({node.label})"),
        element("rect", x=x, y=y, width=BOX_WIDTH, height=BOX_HEIGHT, rx=7),
        element("text", _fitting(node.title), x=x + 10, y=y + 20, class_="name"),
        element("text", node.label, x=x + 10, y=y + 36),
        class_="box job" if node.is_job else "box",
    )


def _fitting(title: str) -> str:
    """As many of the last steps of the name as there is room for."""
    steps = title.split("/")
    for start in range(len(steps)):
        fitting = "/".join(["…", *steps[start:]] if start else steps)
        if len(fitting) <= _TITLE_SIGNS:
            return fitting
    return f"{steps[-1][: _TITLE_SIGNS - 1]}…"


def _route(route: Route) -> Html:
    points = route.points
    return element(
        "g",
        element("path", d=_rounded(points)),
        element("path", d=_head(points[-2], points[-1]), class_="head"),
        element("path", d=_head(points[1], points[0]), class_="head")
        if route.arrow.is_mutual
        else None,
        class_=f"route {route.arrow.flow}",
    )


def _rounded(points: list[Point]) -> str:
    """A path with its corners cut round."""
    way = [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]
    path = [f"M{way[0][0]:.1f},{way[0][1]:.1f}"]
    for before, corner, after in zip(way, way[1:], way[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        path.append(
            f"L{start[0]:.1f},{start[1]:.1f}Q{corner[0]:.1f},{corner[1]:.1f} "
            f"{end[0]:.1f},{end[1]:.1f}"
        )
    path.append(f"L{way[-1][0]:.1f},{way[-1][1]:.1f}")
    return "".join(path)


def _towards(corner: Point, other: Point) -> Point:
    """A little way from the corner, at most half of the line."""
    length = math.dist(corner, other)
    share = min(_CORNER, length / 2) / length
    return (
        corner[0] + (other[0] - corner[0]) * share,
        corner[1] + (other[1] - corner[1]) * share,
    )


def _head(before: Point, tip: Point) -> str:
    """A triangle at the end of a line that is level or upright."""
    (x, y), length = tip, math.dist(before, tip) or 1.0
    along = ((tip[0] - before[0]) / length, (tip[1] - before[1]) / length)
    back = (x - _HEAD * along[0], y - _HEAD * along[1])
    side = (-along[1] * _HEAD * 0.55, along[0] * _HEAD * 0.55)
    return (
        f"M{x:.1f},{y:.1f}L{back[0] + side[0]:.1f},{back[1] + side[1]:.1f}"
        f"L{back[0] - side[0]:.1f},{back[1] - side[1]:.1f}Z"
    )
