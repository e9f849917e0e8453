"""The states of a state machine's definition, however deep they are nested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.rules.templates import Resource
from penstock.rules.text import text

STATE_MACHINE = "AWS::StepFunctions::StateMachine"


def states(machine: Resource) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, path in the resource, and document of each state.

    A definition that lies in S3 cannot be read here and has none.
    """
    properties = machine.properties
    if "DefinitionString" in properties:
        path, definition = "DefinitionString", json.loads(text(properties["DefinitionString"]))
    else:
        path, definition = "Definition", properties.get("Definition", {})
    yield from _states(definition, path)


def _states(
    definition: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for name, state in definition.get("States", {}).items():
        below = f"{path}.States.{name}"
        yield name, below, state
        for number, branch in enumerate(state.get("Branches", ())):
            yield from _states(branch, f"{below}.Branches.{number}")
        for key in ("ItemProcessor", "Iterator"):
            yield from _states(state.get(key, {}), f"{below}.{key}")
