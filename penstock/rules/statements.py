"""The statements of policies that say what an identity may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from penstock.rules.templates import Resource, Templates

_WITH_POLICIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_POLICIES = (
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)


def statements(templates: Templates) -> Iterator[tuple[Resource, str, Mapping[str, Any]]]:
    """Resource, path in it, and document of each statement."""
    for resource in templates.resources(*_WITH_POLICIES):
        for number, policy in enumerate(resource.properties.get("Policies", ())):
            path = f"Properties.Policies.{number}.PolicyDocument"
            yield from _of(resource, path, policy["PolicyDocument"])
    for resource in templates.resources(*_POLICIES):
        path = "Properties.PolicyDocument"
        yield from _of(resource, path, resource.properties.get("PolicyDocument", {}))


def _of(
    resource: Resource, path: str, document: Mapping[str, Any]
) -> Iterator[tuple[Resource, str, Mapping[str, Any]]]:
    for number, statement in enumerate(as_list(document.get("Statement", []))):
        yield resource, f"{path}.Statement.{number}", statement


def as_list(value: Any) -> list[Any]:
    """What IAM lets be one value or a list of them."""
    return value if isinstance(value, list) else [value]


def allows(statement: Mapping[str, Any], action: str) -> bool:
    """Whether a statement allows an action, on whatever and under whatever condition."""
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return not _named(statement["NotAction"], action)
    return _named(statement.get("Action", []), action)


def _named(patterns: Any, action: str) -> bool:
    """Actions are the same in upper and lower case (IAM user guide, Action element)."""
    return any(
        isinstance(pattern, str) and fnmatchcase(action.lower(), pattern.lower())
        for pattern in as_list(patterns)
    )
