"""A log group of the pipeline: its key, its retention."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.retention import retention


class PipelineLogGroup(logs.LogGroup):
    """Logs are no data: they go with their stack, so that a later deploy finds no leftovers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        retention_days: int,
        name: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            encryption_key=key,
            retention=retention(retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
