"""Sections as HTML."""

from __future__ import annotations

from typing import assert_never

from penstock.html.markup import Html, element, fragment
from penstock.html.section import folded, section, table, tile
from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Picture,
    Section,
    Table,
)
from penstock.review.blocks import Tiles as TilesBlock


def as_html(part: Section) -> Html:
    """A section of the page."""
    return section(part.name, part.heading, *[_block(block) for block in part.blocks])


def _block(block: Block) -> Html:
    match block:
        case Paragraph():
            return element("p", block.text, class_="small-print" if block.is_soft else None)
        case Table():
            return table(block.headings, [[*map(_cell, row)] for row in block.rows])
        case TilesBlock():
            return element("div", *[tile(*each) for each in block.tiles], class_="tiles")
        case Folded():
            return folded(block.summary, *[_block(inner) for inner in block.blocks])
        case Picture():
            return element("div", block.html, class_="scroll picture")
        case _:
            assert_never(block)


def _cell(cell: Cell) -> Html:
    if not isinstance(cell, list):
        return _line(cell)
    return fragment(*[element("div", _line(line)) for line in cell])


def _line(line: Line) -> Html:
    if isinstance(line, str):
        return fragment(line)
    match line.kind:
        case "code":
            return element("code", line.text)
        case "strong":
            return element("b", line.text)
        case "soft":
            return element("span", line.text, class_="about")
        case "alert":
            return element("b", "⚠ ", line.text, class_="alert")
        case _:
            assert_never(line.kind)
