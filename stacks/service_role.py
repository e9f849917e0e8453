"""A role that one service assumes, with exactly the permissions it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.nag import acknowledge
from stacks.permission import Permission
from stacks.wildcards import finding_of


class ServiceRole(iam.Role):
    """The permissions are part of the role itself, so it is complete as soon as it exists.

    `only_for` are conditions on whom the service acts for when it assumes the role.
    Hand `.fixed` to L2 constructs: their own, wider grants then change nothing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        description: str,
        permissions: Sequence[Permission],
        only_for: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal(service, conditions=only_for),
            description=description,
            inline_policies={
                "Access": iam.PolicyDocument(
                    statements=[permission.statement for permission in permissions]
                )
            },
        )
        for permission in permissions:
            if permission.wildcard is not None:
                for resource in permission.wildcard_resources:
                    acknowledge(
                        self,
                        finding_of(Stack.of(self), resource),
                        reason=permission.wildcard,
                    )

    @property
    def fixed(self) -> iam.IRole:
        """The same role, closed to further statements."""
        return self.without_policy_updates()
