"""State machines: the tasks of their definitions, with what each names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.review.assembly import Resource
from penstock.review.values import Use, Values

MACHINE = "AWS::StepFunctions::StateMachine"
# a reference inside the definition's text, which is one long string; signs of no language
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Task:
    """One task state. `service` and `action` are such as glue and startJobRun."""

    name: str
    service: str
    action: str
    parameters: Mapping[str, Any]
    uses: tuple[Resource, ...]
    _references: tuple[Use, ...]

    def uses_of(self, value: Any) -> list[Resource]:
        """The resources that a part of the parameters refers to."""
        return list(dict.fromkeys(use.resource for use in _used(value, self._references)))

    def text(self, value: Any) -> str:
        """A part of the parameters in words."""
        text = value if isinstance(value, str) else json.dumps(value)
        return _MARKED.sub(lambda match: self._references[int(match[1])].resource.name, text)


def tasks(values: Values, machine: Resource) -> list[Task]:
    """All tasks in the definition's order; empty if the template does not hold the definition."""
    definition = machine.properties.get("DefinitionString", machine.properties.get("Definition"))
    references: list[Use] = []
    text = ""
    if isinstance(definition, Mapping) and "StartAt" in definition:
        text = json.dumps(_marked(values, machine, definition, references))
    else:
        for piece in values.pieces(values.stack_of(machine), definition):
            text += piece if isinstance(piece, str) else _mark(piece, references)
    for name, value in machine.properties.get("DefinitionSubstitutions", {}).items():
        written = "".join(
            piece if isinstance(piece, str) else _mark(piece, references)
            for piece in values.pieces(values.stack_of(machine), value)
        )
        text = text.replace(f"${{{name}}}", written)
    try:
        read = json.loads(text)
    except ValueError:
        return []
    uses = tuple(references)
    return [_task(name, state, uses) for name, state in _task_states(read)]


def _task(name: str, state: Mapping[str, Any], references: tuple[Use, ...]) -> Task:
    resource = str(state.get("Resource", ""))
    if ":::" in resource:
        service, _, action = resource.split(":::", 1)[1].removeprefix("aws-sdk:").partition(":")
        action = action.split(".", 1)[0]
    else:
        service, action = "lambda", "invoke"  # a function's ARN in place of a service
    parameters = state.get("Parameters", state.get("Arguments", {}))
    if not isinstance(parameters, Mapping):
        parameters = {}
    used = _used([resource, parameters], references)
    return Task(
        name,
        service,
        action,
        parameters,
        tuple(dict.fromkeys(use.resource for use in used)),
        references,
    )


def _task_states(part: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    states = part.get("States")
    for name, state in (states if isinstance(states, Mapping) else {}).items():
        if state.get("Type") == "Task":
            yield name, state
        for inner in [
            *state.get("Branches", []),
            state.get("ItemProcessor") or state.get("Iterator") or {},
        ]:
            yield from _task_states(inner)


def _used(value: Any, references: tuple[Use, ...]) -> Iterator[Use]:
    for number in _MARKED.findall(json.dumps(value, ensure_ascii=False)):
        yield references[int(number)]


def _marked(values: Values, machine: Resource, value: Any, references: list[Use]) -> Any:
    if isinstance(value, list):
        return [_marked(values, machine, item, references) for item in value]
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
            return "".join(
                piece if isinstance(piece, str) else _mark(piece, references)
                for piece in values.pieces(values.stack_of(machine), value)
            )
        return {key: _marked(values, machine, item, references) for key, item in value.items()}
    return value


def _mark(use: Use, references: list[Use]) -> str:
    references.append(use)
    return _MARK.format(len(references) - 1)
