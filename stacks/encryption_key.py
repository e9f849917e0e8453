"""The pipeline's KMS key, whose policy names the services that must use it."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.removal import Removal

# What publishes to the encrypted topic in its own name; without it here an alarm dies silently
# (SNS developer guide, key management, event sources). The page asks for the account's condition
# and excepts EventBridge alone, which cannot use the key under it: no rule sends there. That it
# holds for alarms is not said by name, so unconfirmed; the alarm's history would show the refusal.
PUBLISHER = "cloudwatch.amazonaws.com"


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
                sid="AlarmsToTheAlertsTopic",
                principals=[iam.ServicePrincipal(PUBLISHER)],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
