"""What is asked: who wants to do what on which resource, and what is known of the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

PrincipalKind = Literal["role", "user", "service"]


@dataclass(frozen=True)
class Principal:
    """Who calls: a session of a role, a user, or an AWS service in its own name.

    `arn` is the session's, the user's, or the service principal's name; `role_arn` is empty but
    for sessions, `account_id` for services.
    """

    kind: PrincipalKind
    arn: str
    account_id: str = ""
    role_arn: str = ""

    @classmethod
    def session(cls, role_arn: str, session_name: str) -> Principal:
        """A session of a role; its ARN has the role's name without the path.

        Source: IAM user guide, "AWS JSON policy elements: Principal", role session principals.
        """
        _, partition, _, _, account_id, path = role_arn.split(":", 5)
        name = path.rsplit("/", 1)[-1]
        arn = f"arn:{partition}:sts::{account_id}:assumed-role/{name}/{session_name}"
        return cls("role", arn, account_id, role_arn)

    @classmethod
    def user(cls, arn: str) -> Principal:
        """An IAM user."""
        return cls("user", arn, arn.split(":", 5)[4])

    @classmethod
    def service(cls, name: str) -> Principal:
        """An AWS service that acts itself, such as sns.amazonaws.com."""
        return cls("service", name)

    @cached_property
    def label(self) -> str:
        """How messages name it: role NAME, user NAME, service NAME."""
        return f"{self.kind} {(self.role_arn or self.arn).rsplit('/', 1)[-1]}"


@dataclass(frozen=True)
class Request:
    """One question to the policies.

    `resource` is an ARN, or * for an action that is on no resource. Keys of the context may be
    written in any case, as in policies.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The context with its keys in lower case."""
        return {key.lower(): values for key, values in self.context.items()}
