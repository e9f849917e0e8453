"""Sections as Markdown for a pull request, as GitHub and GitLab read it."""

from __future__ import annotations

import re
from typing import assert_never

from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Picture,
    Section,
    Table,
    Tiles,
    Word,
)

# what Markdown would read as something else; `@name` and `#1` would call people and threads
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~])")


def as_markdown(part: Section) -> str:
    """A section; what is not brief can be unfolded."""
    heading = f"## {escaped(part.heading)}\n\n"
    body = "\n\n".join(_block(block) for block in part.blocks)
    if part.is_brief:
        return f"{heading}{body}\n"
    return f"{heading}{_details('show', body)}\n"


def escaped(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    one_line = " ".join(text.split())
    safe = one_line.replace("&", "&amp;").replace("#", "&#35;").replace("@", "&#64;")
    safe = safe.replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", safe)


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f"<sub>{escaped(block.text)}</sub>" if block.is_soft else escaped(block.text)
        case Table():
            return _table(block)
        case Tiles():
            told = [f"**{escaped(figure)}** {escaped(label)}" for label, figure, _ in block.tiles]
            return " · ".join(told)
        case Folded():
            return _details(block.summary, "\n\n".join(_block(inner) for inner in block.blocks))
        case Picture():
            return f"```mermaid\n{block.mermaid}\n```"
        case _:
            assert_never(block)


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escaped(summary)}</summary>\n\n{body}\n\n</details>"


def _table(block: Table) -> str:
    rows = [
        " | ".join(escaped(text) for text in block.headings),
        " | ".join("---" for _ in block.headings),
        *[" | ".join(_cell(cell) for cell in row) for row in block.rows],
    ]
    return "\n".join(f"| {row} |" for row in rows)


def _cell(cell: Cell) -> str:
    return "<br>".join(map(_line, cell)) if isinstance(cell, list) else _line(cell)


def _line(line: Line) -> str:
    if isinstance(line, str):
        return escaped(line)
    return _word(line)


def _code(text: str) -> str:
    """Within backticks all is itself but a backtick, and a bar, which would end the cell."""
    one_line = " ".join(text.split())
    if "`" in one_line or not one_line:
        return f"<code>{escaped(text)}</code>"
    bar = r"\|"
    return f"`{one_line.replace('|', bar)}`"


def _word(word: Word) -> str:
    text = escaped(word.text)
    match word.kind:
        case "code":
            return _code(word.text)
        case "soft":
            return f"<sub>{text}</sub>"
        case "strong":
            return f"**{text}**"
        case "alert":
            return f"⚠ **{text}**"
        case _:
            assert_never(word.kind)
