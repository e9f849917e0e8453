"""Parts of the report, any of which may be missing or null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Part = Mapping[str, Any]


def part(of: Part, name: str) -> Part:
    """An object inside another one; empty if it is missing or null."""
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def parts(of: Part, name: str) -> list[Part]:
    """A list of objects inside an object; empty if it is missing or null."""
    return [entry for entry in items(of, name) if isinstance(entry, Mapping)]


def items(of: Part, name: str) -> list[Any]:
    """A list of anything inside an object; empty if it is missing or null."""
    found = of.get(name)
    return found if isinstance(found, list) else []


def document(folder: Path, below: object, name: str) -> Part:
    """A JSON file in the run's folder; empty if it is not there or not a JSON object."""
    if not isinstance(below, str):
        return {}
    try:
        found = json.loads((folder / below / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
