"""A template's value as text, with its references left as ${...}."""

from __future__ import annotations

import json
from typing import Any


def text(value: Any) -> str:
    """The text that a value has in the template; what only a deployment knows is in ${...}."""
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::GetAtt": str(name)}:
            return f"${{{name}}}"
        case {"Fn::Sub": str(pattern)} | {"Fn::Sub": [str(pattern), *_]}:
            return pattern
        case {"Fn::ImportValue": name}:
            return f"${{{text(name)}}}"
        case {"Fn::Join": [str(delimiter), list(items)]}:
            return delimiter.join(text(item) for item in items)
        case dict() if len(value) == 1 and str(next(iter(value))).startswith("Fn::"):
            return f"${{{next(iter(value))}}}"
    return json.dumps(value)
