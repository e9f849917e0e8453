"""Ingestion: the stream that producers write to, the transform, the delivery to the lake."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network, Pipeline
from stacks.layer import Layer
from stacks.nag import acknowledge
from stacks.names import Names
from stacks.record_delivery import RecordDelivery
from stacks.removal import Removal
from stacks.transform_function import TransformFunction


class Ingestion(Layer):
    """From producers to the lake."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        bucket: s3.IBucket,
        database: glue.IDatabase,
        table: glue.S3Table,
        key: kms.IKey,
        removal: Removal,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(
            scope, construct_id, names=names, description="Stream and delivery of the pipeline"
        )
        shards = pipeline.stream.shards
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=kinesis.StreamMode.ON_DEMAND
            if shards is None
            else kinesis.StreamMode.PROVISIONED,
            shard_count=shards,
            retention_period=Duration.hours(pipeline.stream.retention_hours),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=key,
            removal_policy=removal.policy,
        )
        acknowledge(
            self.stream,
            "KDS3",
            reason="all data of a pipeline has the pipeline's key, so that one policy rules",
        )
        transform = TransformFunction(
            self,
            "Transform",
            record_schema=pipeline.record_schema,
            delivery=pipeline.delivery,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )
        delivery = RecordDelivery(
            self,
            "Delivery",
            delivery=pipeline.delivery,
            stream=self.stream,
            transform=transform.function,
            bucket=bucket,
            database=database,
            table=table,
            key=key,
            log_retention_days=log_retention_days,
        )
        CfnOutput(self, "StreamName", value=self.stream.stream_name)
        if pipeline.stream.partition_key_field is not None:
            CfnOutput(self, "PartitionKeyField", value=pipeline.stream.partition_key_field)
        CfnOutput(self, "DeliveryStreamName", value=delivery.delivery_stream.delivery_stream_name)
        CfnOutput(self, "TransformLogGroupName", value=transform.log_group.log_group_name)
