"""What an operation would change: the model against the stack that exists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from penstock.localcloud.cloudformation.intrinsics import canonical
from penstock.localcloud.cloudformation.model import Model
from penstock.localcloud.cloudformation.registry import IGNORED, handler_for
from penstock.localcloud.cloudformation.resource import merged_tags
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.cloudformation.template import ParameterValue


@dataclass(frozen=True)
class Change:
    """One line of a change set; `action` is Add, Modify or Remove."""

    action: str
    logical_resource_id: str
    resource_type: str


def wanted(model: Model) -> list[str]:
    """Logical ids of what is to exist, each after what it depends on."""
    return [name for name in model.order if model.active[name]["Type"] not in IGNORED]


def has_changes(stack: StackState, model: Model) -> bool:
    """Whether an update would change anything, with every value resolved as of now."""
    names = wanted(model)
    if set(names) != set(stack.resources) or model.tags != stack.tags:
        return True
    for logical_id in names:
        existing = stack.resources[logical_id]
        definition = model.active[logical_id]
        if definition["Type"] != existing.type:
            return True
        properties = merged_tags(
            handler_for(existing.type), model.properties(logical_id), model.tags
        )
        if canonical(properties) != canonical(existing.properties):
            return True
        if (
            model.metadata(logical_id) != existing.metadata
            or definition.get("DeletionPolicy", "Delete") != existing.deletion_policy
            or definition.get("UpdateReplacePolicy", "Delete") != existing.update_replace_policy
        ):
            return True
    return model.outputs() != stack.outputs


def listed_changes(stack: StackState, model: Model) -> list[Change]:
    """The lines of a change set, by the template and the parameters alone."""
    changes = []
    for name in model.order:
        type_ = model.active[name]["Type"]
        old = stack.template.resources.get(name) if stack.template else None
        if name not in stack.resources:
            changes.append(Change("Add", name, type_))
        elif old != model.active[name] or _values(stack.parameters) != _values(model.parameters):
            changes.append(Change("Modify", name, type_))
    for name, state in stack.resources.items():
        if name not in model.active:
            changes.append(Change("Remove", name, state.type))
    return changes


def _values(parameters: Mapping[str, ParameterValue]) -> str:
    return json.dumps({name: value.value for name, value in parameters.items()}, sort_keys=True)
