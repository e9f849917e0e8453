"""Which resource needs which, and an order in which they can be created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.intrinsics import intrinsic_of, sub_references


def references(value: Any, condition: Callable[[str], bool]) -> set[str]:
    """Names that `value` uses through Ref, Fn::GetAtt and Fn::Sub (also parameters' names).

    Of an Fn::If only the branch counts that `condition` chooses.
    """
    found: set[str] = set()
    _collect(value, condition, found)
    return found


def _collect(value: Any, condition: Callable[[str], bool], found: set[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, condition, found)
        return
    if not isinstance(value, dict):
        return
    name = intrinsic_of(value)
    if name is None:
        for item in value.values():
            _collect(item, condition, found)
        return
    argument = value[name]
    if name == "Ref":
        found.add(str(argument))
    elif name == "Fn::GetAtt":
        logical_id = argument.split(".", 1)[0] if isinstance(argument, str) else argument[0]
        found.add(str(logical_id))
        if isinstance(argument, list):
            _collect(argument[1:], condition, found)
    elif name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
        _collect(argument[1] if condition(str(argument[0])) else argument[2], condition, found)
    elif name == "Fn::Sub":
        template, variables = argument if isinstance(argument, list) else (argument, {})
        for reference, literal in sub_references(str(template)):
            if not literal and reference not in variables:
                found.add(reference.split(".", 1)[0])
        _collect(variables, condition, found)
    else:
        _collect(argument, condition, found)


def creation_order(dependencies: Mapping[str, set[str]]) -> list[str]:
    """Names so that each comes after what it needs; otherwise in the mapping's order.

    Raises TemplateError with the members of a circle, as CloudFormation does.
    """
    order: list[str] = []
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in path:
            circle = path[path.index(name) :]
            raise TemplateError(
                f"Circular dependency between resources: [{', '.join(sorted(circle))}]"
            )
        path.append(name)
        for needed in sorted(dependencies[name], key=list(dependencies).index):
            visit(needed)
        path.pop()
        done.add(name)
        order.append(name)

    for name in dependencies:
        visit(name)
    return order
