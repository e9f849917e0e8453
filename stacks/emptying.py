"""CDK's own function that empties a bucket before the bucket goes."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from stacks.removal import Removal
from stacks.rules import acknowledge_rule

_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"  # one in a stack


def acknowledge_emptying(bucket: s3.Bucket, removal: Removal) -> None:
    """The function is there only where data is deleted with its stack."""
    if removal.deletes_data:
        provider = Stack.of(bucket).node.find_child(_PROVIDER)
        acknowledge_rule(
            provider,
            "LogRetention",
            reason="CDK writes this function, which lists no records; CDK gives it no log group",
        )
        acknowledge_rule(
            provider,
            "InsideVpc",
            reason="CDK writes this function, which reads no records; CDK gives it no network",
        )
