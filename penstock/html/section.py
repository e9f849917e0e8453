"""A part of the page under its heading."""

from __future__ import annotations

from penstock.html.markup import Html, element


def section(name: str, heading: str, *children: str | None) -> Html:
    """A heading and what belongs under it; `name` is the address within the page."""
    return element("section", element("h2", heading), *children, id=name)


def missing(text: str) -> Html:
    """Says that a part has nothing to show, and why."""
    return element("p", text, class_="missing")


def folded(summary: str, *children: str | None) -> Html:
    """What few will want to read."""
    return element("details", element("summary", summary), *children)


def table(headings: list[str], rows: list[list[str]]) -> Html:
    """A table that scrolls by itself where it is too wide."""
    head = element("tr", *[element("th", text, scope="col") for text in headings])
    body = [element("tr", *[element("td", cell) for cell in row]) for row in rows]
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *body)),
        class_="scroll",
    )


def tile(label: str, figure: str, note: str, kind: str = "") -> Html:
    """A figure in large type, with what it is above and what it refers to below."""
    return element(
        "div",
        element("div", label, class_="label"),
        element("div", figure, class_="figure"),
        element("div", note, class_="note"),
        class_=f"tile {kind}".strip(),
    )
