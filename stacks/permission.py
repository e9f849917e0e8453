"""What a role may do: exact actions on exact resources, a reason for every wildcard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_iam as iam


class UnexplainedWildcardError(ValueError):
    """A permission names a wildcard and gives no reason, or the other way round."""


@dataclass(frozen=True)
class Permission:
    """One Allow statement; `wildcard` says why a resource cannot be named in full."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]
    wildcard: str | None

    def __post_init__(self) -> None:
        if any("*" in action for action in self.actions):
            raise UnexplainedWildcardError(f"name each action: {', '.join(self.actions)}")
        if bool(self.wildcard_resources) != (self.wildcard is not None):
            raise UnexplainedWildcardError(
                f"a reason belongs to wildcards, and only to them: {', '.join(self.resources)}"
            )

    @property
    def wildcard_resources(self) -> tuple[str, ...]:
        """The resources that are not named in full."""
        return tuple(resource for resource in self.resources if "*" in resource)

    @property
    def statement(self) -> iam.PolicyStatement:
        """The statement as CDK wants it."""
        return iam.PolicyStatement(
            actions=list(self.actions),
            resources=list(self.resources),
            conditions={test: dict(keys) for test, keys in self.conditions.items()},
        )


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    wildcard: str | None = None,
) -> Permission:
    """A permission.

    Raises:
        UnexplainedWildcardError: a wildcard in an action, or in a resource without a reason.
    """
    return Permission(tuple(actions), tuple(resources), conditions or {}, wildcard)
