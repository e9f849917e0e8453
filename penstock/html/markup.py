"""HTML elements; every text is escaped unless it is an element itself."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"meta"})  # of those used here, the ones without an end tag


class Html(str):
    """Text that is HTML already; made by `element` and `fragment` only, or a constant here."""


def element(name: str, /, *children: str | None, **attributes: str | float | None) -> Html:
    """An element, of HTML or SVG. None is left out, as a child and as an attribute.

    Attribute names are given as Python can say them: `class_` is class, `text_anchor` text-anchor.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{fragment(*children)}</{name}>")


def fragment(*children: str | None) -> Html:
    """Children one after another."""
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(child)
            for child in children
            if child is not None
        )
    )


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".removesuffix(".00")
