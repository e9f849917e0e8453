"""What a change to a property does to a resource, by the resource schemas that cfn-lint ships.

Source: CloudFormation's own registry schemas (createOnlyProperties: a change needs a new
resource), in the copy of cfn-lint, whose version.json says of when they are.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

_REGION = "us-east-1"  # the region with the most types
Update = Literal["in place", "replaced", "perhaps replaced", "unknown"]


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("cfn-lint is not installed: its schemas say what is replaced")
    return Path(found.submodule_search_locations[0], "data", "schemas")


@cache
def date() -> str:
    """Of when the schemas are."""
    version = json.loads((_folder() / "version.json").read_text(encoding="utf-8"))
    return str(version["schema_date"])[:10]


@cache
def _index() -> dict[str, str]:
    path = _folder() / "providers" / f"{_REGION}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _schema(type_name: str) -> Mapping[str, Any] | None:
    name = _index().get(type_name)
    if name is None:
        return None
    path = _folder() / "resources" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def update_of(type_name: str, path: tuple[str, ...]) -> Update:
    """What a change at a path of the properties means, such as ("TableInput", "Name")."""
    schema = _schema(type_name)
    if schema is None:
        return "unknown"
    if _is_named(schema.get("createOnlyProperties"), path):
        return "replaced"
    if _is_named(schema.get("conditionalCreateOnlyProperties"), path):
        return "perhaps replaced"
    return "in place"


def own_name(type_name: str) -> tuple[str, ...]:
    """The properties that name a resource and that a template may set."""
    schema = _schema(type_name) or {}
    read_only = set(schema.get("readOnlyProperties") or [])
    names = [
        name.removeprefix("/properties/")
        for name in schema.get("primaryIdentifier") or []
        if name not in read_only
    ]
    own = f"{type_name.rsplit('::', 1)[-1]}Name"
    return tuple(dict.fromkeys([*names, *([own] if own in schema.get("properties", {}) else [])]))


def _is_named(properties: list[str] | None, path: tuple[str, ...]) -> bool:
    """Whether the path is one of these, inside of one, or has one inside of it.

    `*` in a schema stands for the items of a list.
    """
    for pointer in properties or []:
        steps = pointer.removeprefix("/properties/").split("/")
        pairs = zip(steps, path, strict=False)
        if all(step in ("*", part) for step, part in pairs):
            return True
    return False
