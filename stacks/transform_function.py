"""The function that Firehose calls: checks each record against the schema and flattens it."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from pipelines.spec import Delivery, Network, RecordSchema
from stacks.pipeline_function import PipelineFunction


class TransformFunction(PipelineFunction):
    """Is told the schema by an environment variable, RECORD_SCHEMA."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        record_schema: RecordSchema,
        delivery: Delivery,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            folder="transform",
            description="Checks records against the schema and flattens their arrays",
            role_description="Transform of records on their way to the lake",
            permissions=[],
            environment={"RECORD_SCHEMA": record_schema.transform_schema()},
            memory_mb=delivery.transform_memory_mb,
            timeout_seconds=delivery.transform_timeout_seconds,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )
