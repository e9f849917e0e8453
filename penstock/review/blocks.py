"""What a section of the review is made of, before it becomes HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from penstock.html.markup import Html

Kind = Literal["code", "soft", "strong", "alert"]


@dataclass(frozen=True)
class Word:
    """Text that is more than plain. An alert is what a reviewer should not pass over."""

    text: str
    kind: Kind


Line = str | Word
Cell = Line | list[Line]  # a list is one under another


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str
    is_soft: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under headings."""

    headings: list[str]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Tiles:
    """Figures in large type: label, figure, what it refers to."""

    tiles: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Folded:
    """What few will want to read."""

    summary: str
    blocks: list[Block]


@dataclass(frozen=True)
class Picture:
    """A picture for the page, and the same as text that pull requests draw (Mermaid)."""

    html: Html
    mermaid: str


Block = Paragraph | Table | Tiles | Folded | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what belongs under it. `is_brief` ones are open in a pull request."""

    name: str
    heading: str
    blocks: list[Block] = field(default_factory=list)
    is_brief: bool = False


def code(text: str) -> Word:
    """Something that a machine reads."""
    return Word(text, "code")


def soft(text: str) -> Word:
    """Something beside the point."""
    return Word(text, "soft")


def strong(text: str) -> Word:
    """Something to find a row by."""
    return Word(text, "strong")


def alert(text: str) -> Word:
    """Something that stands out."""
    return Word(text, "alert")
