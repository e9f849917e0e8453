"""Reads values of templates: references as text, one value or a list of them."""

from __future__ import annotations

from typing import Any


def text(value: Any) -> str:
    """A value as one readable string: references in <>, an export by its name."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return str(argument[0]).join(text(item) for item in argument[1])
    if function == "Fn::GetAtt":
        return f"<{argument[0]}.{argument[1]}>"
    if function == "Fn::FindInMap":
        return "<account of the region>"
    if function == "Ref":
        return f"<{argument}>"
    return f"<{text(argument)}>"


def as_list(value: Any) -> list[Any]:
    """What IAM lets be one value or a list of them."""
    return value if isinstance(value, list) else [value]
