"""Exports between stacks: no name twice, and none that is in use goes or changes."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.localcloud.cloudformation.errors import ResourceError, TemplateError
from penstock.localcloud.cloudformation.model import Model
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import Output, StackState


def checked_outputs(services: Services, stack: StackState, model: Model) -> list[Output]:
    """The model's outputs. ResourceError if an export clashes, or one in use goes or changes."""
    try:
        outputs = model.outputs()
    except TemplateError as error:
        raise ResourceError(f"{error} ") from error
    exports = {o.export: o.value for o in outputs if o.export is not None}
    for other in services.stacks():
        if other.stack_id == stack.stack_id:
            continue
        for name in exports.keys() & other.exports().keys():
            raise ResourceError(
                f"Export with name {name} is already exported by stack {other.name}. "
            )
    lost = {name: value for name, value in stack.exports().items() if exports.get(name) != value}
    for name, user in exports_in_use(services, stack, lost):
        verb = "updated" if name in exports else "deleted"
        raise ResourceError(f"Export {name} cannot be {verb} as it is in use by {user}. ")
    return outputs


def exports_in_use(
    services: Services, stack: StackState, exports: Mapping[str, str]
) -> list[tuple[str, str]]:
    """(export, stack that imports it) for those of the stack's `exports` that are imported."""
    return [
        (name, other.name)
        for other in services.stacks()
        if other.stack_id != stack.stack_id
        for name in sorted(other.imports & exports.keys())
    ]
