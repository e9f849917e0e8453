"""The states of a state machine's definition, however deep they are nested."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.rules.templates import Resource
from penstock.rules.text import text

# a text of JSON, or a reference beside all texts: a number that only a deployment knows
_TEXT_OR_REFERENCE = re.compile(r'"(?:[^"\\]|\\.)*"|(\$\{[^}]*\})')

STATE_MACHINE = "AWS::StepFunctions::StateMachine"


def states(machine: Resource) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, path in the resource, and document of each state.

    A definition that lies in S3 cannot be read here and has none.
    """
    properties = machine.properties
    if "DefinitionString" in properties:
        path, definition = "DefinitionString", _parsed(text(properties["DefinitionString"]))
    else:
        path, definition = "Definition", properties.get("Definition", {})
    yield from _states(definition, path)


def _parsed(definition: str) -> Any:
    return json.loads(
        _TEXT_OR_REFERENCE.sub(lambda match: f'"{match[1]}"' if match[1] else match[0], definition)
    )


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
