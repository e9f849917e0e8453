"""The function that Firehose calls: checks each record against the schema and flattens it."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from penstock.catalog import runtimes
from pipelines.spec import Delivery, RecordSchema
from stacks.nag import acknowledge
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import decrypt_with, write_log_group
from stacks.service_role import ServiceRole

CODE = Path(__file__).parents[1] / "lambda" / "transform"


class TransformFunction(Construct):
    """Standard library only, so the folder is the whole deployment package."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        record_schema: RecordSchema,
        delivery: Delivery,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = PipelineLogGroup(self, "Logs", key=key, retention_days=log_retention_days)
        role = ServiceRole(
            self,
            "Role",
            service="lambda.amazonaws.com",
            description="Transform of records on their way to the lake",
            permissions=[
                *write_log_group(self.log_group.log_group_arn, create_group=False),
                decrypt_with(key),
            ],
        )
        runtime, facts = runtimes.lambda_python()
        self.function = lambda_.Function(
            self,
            "Function",
            description="Checks records against the schema and flattens their arrays",
            runtime=lambda_.Runtime(runtime, lambda_.RuntimeFamily.PYTHON),
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(CODE), exclude=["__pycache__", "*.pyc"]),
            environment={"RECORD_SCHEMA": record_schema.transform_schema()},
            environment_encryption=key,
            memory_size=delivery.transform_memory_mb,
            timeout=Duration.seconds(delivery.transform_timeout_seconds),
            role=role.fixed,
            log_group=self.log_group,
        )
        acknowledge(
            self.function,
            "L1",
            reason=f"{runtime} is the runtime that the handler is tested on; "
            f"supported until {facts.supported_until}",
        )
