"""What of a template's value is known before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.localcloud.cloudformation.intrinsics import intrinsic_of

Step = str | int
NO_VALUE = {"Ref": "AWS::NoValue"}


def branches(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[Any, tuple[Step, ...]]]:
    """The values that may stand here, with their paths: both of each Fn::If.

    Nothing comes for a function whose value only the deployment knows, for a dynamic
    reference, and for AWS::NoValue.
    """
    name = intrinsic_of(value)
    if name == "Fn::If":
        chosen = value[name]
        if isinstance(chosen, list) and len(chosen) == 3:
            for number in (1, 2):
                yield from branches(chosen[number], (*path, name, number))
    elif name is None and not (isinstance(value, str) and "{{resolve:" in value):
        yield value, path


def is_known(value: Any) -> bool:
    """Whether no part of the value waits for the deployment."""
    if isinstance(value, dict):
        return intrinsic_of(value) is None and all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not (isinstance(value, str) and "{{resolve:" in value)


def has_type(value: Any, type_: str) -> bool:
    """Whether CloudFormation takes the value for one of this JSON type.

    It takes text for numbers and booleans, and numbers and booleans for text (CloudFormation
    user guide, "Parameters": values are passed as strings; cfn-lint 1.58.0, strict_types False).
    """
    if type_ == "object":
        return isinstance(value, dict)
    if type_ == "array":
        return isinstance(value, list)
    if isinstance(value, dict | list) or value is None:
        return False
    if type_ == "string":
        return True
    if type_ == "boolean":
        return isinstance(value, bool) or str(value).lower() in ("true", "false")
    if isinstance(value, bool):
        return False
    try:
        number = float(value)
    except ValueError:
        return False
    return type_ == "number" or number.is_integer()
