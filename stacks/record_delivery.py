"""Delivery of records: a Firehose stream with the transform, Parquet, time-partitioned."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Size, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Delivery
from stacks.nag import acknowledge
from stacks.names import ERRORS_PREFIX, RECORDS_PREFIX
from stacks.permission import allow
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import deliver_objects, encrypt_with
from stacks.service_role import ServiceRole

TIME_PARTITIONS = (
    "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
)
_COMPRESSIONS = {
    "SNAPPY": firehose.ParquetCompression.SNAPPY,
    "GZIP": firehose.ParquetCompression.GZIP,
    "UNCOMPRESSED": firehose.ParquetCompression.UNCOMPRESSED,
}


class RecordDelivery(Construct):
    """Stream -> transform -> Parquet by the table's schema -> lake bucket."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        delivery: Delivery,
        stream: kinesis.IStream,
        transform: lambda_.IFunction,
        bucket: s3.IBucket,
        database: glue.IDatabase,
        table: glue.S3Table,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = PipelineLogGroup(self, "Logs", key=key, retention_days=log_retention_days)
        role = self._build_role(
            stream=stream,
            transform=transform,
            bucket=bucket,
            database=database,
            table=table,
            key=key,
            log_group_arn=log_group.log_group_arn,
        )
        cfn_table = table.node.default_child
        if not isinstance(cfn_table, glue.CfnTable):
            raise TypeError("the table's L1 resource is expected as its default child")
        self.delivery_stream = firehose.DeliveryStream(
            self,
            "Stream",
            source=firehose.KinesisStreamSource(stream),
            role=role,
            destination=firehose.S3Bucket(
                bucket,
                role=role,
                data_output_prefix=f"{RECORDS_PREFIX}{TIME_PARTITIONS}",
                error_output_prefix=(
                    f"{ERRORS_PREFIX}!{{firehose:error-output-type}}/{TIME_PARTITIONS}"
                ),
                buffering_size=Size.mebibytes(delivery.buffer_mb),
                buffering_interval=Duration.seconds(delivery.buffer_seconds),
                encryption_key=key,
                logging_config=firehose.EnableLogging(log_group),
                processors=[
                    firehose.LambdaFunctionProcessor(
                        transform,
                        buffer_size=Size.mebibytes(delivery.transform_buffer_mb),
                        buffer_interval=Duration.seconds(delivery.transform_buffer_seconds),
                        retries=3,
                    )
                ],
                data_format_conversion=firehose.DataFormatConversionProps(
                    schema_configuration=firehose.SchemaConfiguration.from_cfn_table(cfn_table),
                    input_format=firehose.InputFormat.OPENX_JSON,
                    output_format=firehose.ParquetOutputFormat(
                        compression=_COMPRESSIONS[delivery.compression]
                    ),
                ),
            ),
        )
        acknowledge(
            self.delivery_stream,
            "KDF1",
            reason="the source is an encrypted Kinesis stream; Firehose then keeps nothing itself",
        )

    def _build_role(
        self,
        *,
        stream: kinesis.IStream,
        transform: lambda_.IFunction,
        bucket: s3.IBucket,
        database: glue.IDatabase,
        table: glue.S3Table,
        key: kms.IKey,
        log_group_arn: str,
    ) -> iam.IRole:
        stack = Stack.of(self)
        glue_arn = f"arn:{Aws.PARTITION}:glue:{stack.region}:{stack.account}"
        return ServiceRole(
            self,
            "Role",
            service="firehose.amazonaws.com",
            description="Delivery of records from the stream to the lake",
            permissions=[
                allow(
                    [
                        "kinesis:DescribeStream",
                        "kinesis:GetRecords",
                        "kinesis:GetShardIterator",
                        "kinesis:ListShards",
                    ],
                    [stream.stream_arn],
                ),
                allow(
                    ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"],
                    # Firehose's own policies name a version; an ARN without one covers no call
                    # that gives it (Firehose developer guide, controlling access)
                    [transform.function_arn, f"{transform.function_arn}:$LATEST"],
                ),
                allow(
                    ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
                    [
                        f"{glue_arn}:catalog",
                        f"{glue_arn}:database/{database.database_name}",
                        f"{glue_arn}:table/{database.database_name}/{table.table_name}",
                    ],
                ),
                *deliver_objects(bucket, [RECORDS_PREFIX, ERRORS_PREFIX]),
                encrypt_with(key),
                allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    [log_group_arn],  # ends with ":*" and so covers the streams
                ),
            ],
        ).fixed
