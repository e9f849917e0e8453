"""The pipeline's KMS key, whose policy names the services that must use it."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.removal import Removal

# Services that publish to the encrypted topic in their own name; without them here an alarm
# dies silently (SNS developer guide, key policy for event sources).
PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")


class EncryptionKey(kms.Key):
    """Roles of this account get the key through their own policies; services are named here."""

    def __init__(self, scope: Construct, construct_id: str, *, removal: Removal) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Everything that the pipeline stores",
            enable_key_rotation=True,
            removal_policy=removal.policy,
        )
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:*"
                        )
                    }
                },
            )
        )
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishersToTheAlertsTopic",
                principals=[iam.ServicePrincipal(service) for service in PUBLISHERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
