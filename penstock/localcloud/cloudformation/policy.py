"""Stack policies: which updates of which resources a stack allows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from penstock.localcloud.cloudformation.errors import TemplateError

_CONDITIONS = {"StringEquals", "StringLike"}


def denial(policy: str, action: str, logical_id: str, type_: str) -> str | None:
    """Why a policy does not allow `action` on a resource, or None when it does.

    `action` is Update:Modify, Update:Replace or Update:Delete. A stack without a policy
    allows everything; one with a policy only what it allows and does not deny
    (CloudFormation user guide, "Prevent updates to stack resources").
    """
    if not policy:
        return None
    allowed = False
    for number, statement in enumerate(_statements(policy), start=1):
        if not _matches(statement, action, logical_id, type_):
            continue
        if statement.get("Effect") == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] "
                f"for resource [LogicalResourceId/{logical_id}]"
            )
        allowed = True
    if allowed:
        return None
    return (
        f"Action not allowed by stack policy: no statement allows [{action}] "
        f"for resource [LogicalResourceId/{logical_id}]"
    )


def check(policy: str) -> None:
    """TemplateError unless `policy` is a policy document that this module understands."""
    try:
        statements = _statements(policy)
        for statement in statements:
            _matches(statement, "Update:Modify", "Any", "AWS::Any::Thing")
            if statement["Effect"] not in ("Allow", "Deny"):
                raise ValueError(f"Effect {statement['Effect']!r} is neither Allow nor Deny")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TemplateError(f"Error validating stack policy: {error}") from None


def _statements(policy: str) -> list[dict[str, Any]]:
    statements = json.loads(policy)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _listed(value: Any) -> Iterable[str]:
    return [value] if isinstance(value, str) else value


def _any(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in _listed(patterns))


def _matches(statement: dict[str, Any], action: str, logical_id: str, type_: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"
    if "Action" in statement:
        if not _any(statement["Action"], action):
            return False
    elif _any(statement["NotAction"], action):
        return False
    if "Resource" in statement:
        if not _any(statement["Resource"], resource):
            return False
    elif "NotResource" in statement and _any(statement["NotResource"], resource):
        return False
    for operator, test in statement.get("Condition", {}).items():
        if operator not in _CONDITIONS or set(test) != {"ResourceType"}:
            raise ValueError(f"condition {operator} {sorted(test)} is not known to stack policies")
        if not _any(test["ResourceType"], type_):
            return False
    return True
