"""The function that scores points as they come: its settings, and what it may do."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from pipelines.spec import Network, Pipeline, Scoring
from stacks.described_package import describe_packages
from stacks.names import SETTINGS_PREFIX, Names
from stacks.permission import Permission, allow
from stacks.pipeline_function import PipelineFunction
from stacks.policies import (
    list_bucket,
    model_parameter_arn,
    read_objects,
    use_table_key,
)

# a series without points is remembered for so much longer than the stream keeps records: a
# record that came again after its series was forgotten would be scored again
FORGET_AFTER = Duration.days(30)


class ScoreFunction(PipelineFunction):
    """Reads the stream, its windows and the model's figures; writes windows and results."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        scoring: Scoring,
        stream: kinesis.IStream,
        windows: dynamodb.ITable,
        delivery_stream: firehose.IDeliveryStream,
        dead_letters: sqs.IQueue,
        artifacts: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        schema = pipeline.record_schema
        stack = Stack.of(scope)
        endpoint = f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}:endpoint"
        kept = Duration.hours(pipeline.stream.retention_hours).to_seconds()
        super().__init__(
            scope,
            construct_id,
            folder="score_stream",
            description="Scores the points of the stream's series as they come",
            role_description="Scores of the pipeline's stream",
            permissions=[
                *read_stream(stream),
                allow(["dynamodb:BatchGetItem", "dynamodb:PutItem"], [windows.table_arn]),
                allow(["ssm:GetParameter"], [model_parameter_arn(stack, names)]),
                describe_packages(scope, names),
                # without listing, S3 says that a missing object is forbidden
                list_bucket(artifacts, [SETTINGS_PREFIX]),
                read_objects(artifacts, [SETTINGS_PREFIX]),
                allow(["sagemaker:InvokeEndpoint"], [f"{endpoint}/{names.endpoint}"]),
                allow(["firehose:PutRecordBatch"], [delivery_stream.delivery_stream_arn]),
                allow(["sns:Publish"], [alerts.topic_arn]),
                allow(["sqs:SendMessage"], [dead_letters.queue_arn]),
                # what the other services need of it is among these
                use_table_key(key),
            ],
            environment={
                "RECORD_SCHEMA": schema.transform_schema(),
                "SERIES_FIELD": schema.series_field or "",
                "TIME_FIELD": schema.time_field or "",
                "VALUE_FIELD": schema.feature_columns[0],
                "WINDOW_POINTS": str(pipeline.prepare.window_points),
                "ENDPOINT_NAME": names.endpoint,
                "MODEL_PARAMETER": names.model_package_parameter,
                "ARTIFACTS_BUCKET": artifacts.bucket_name,
                "SETTINGS_PREFIX": SETTINGS_PREFIX,
                "TABLE_NAME": windows.table_name,
                "KEEP_SECONDS": f"{kept + FORGET_AFTER.to_seconds():.0f}",
                "DELIVERY_STREAM_NAME": delivery_stream.delivery_stream_name,
                "ALERTS_TOPIC_ARN": alerts.topic_arn,
                "DEAD_LETTER_QUEUE_URL": dead_letters.queue_url,
                "ALERT_AT": "" if scoring.alert_at is None else repr(scoring.alert_at),
                "TIMEOUT_SECONDS": str(scoring.timeout_seconds),
            },
            memory_mb=scoring.memory_mb,
            timeout_seconds=scoring.timeout_seconds,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )


def read_stream(stream: kinesis.IStream) -> list[Permission]:
    """What the event source mapping does in the function's name.

    Lambda developer guide, using Lambda with Kinesis, execution role (the managed policy
    AWSLambdaKinesisExecutionRole, on one stream).
    """
    return [
        allow(
            [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            [stream.stream_arn],
        ),
    ]
