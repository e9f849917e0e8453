"""Delivery of scores: a Firehose stream that the function puts to; JSON lines in the lake."""

from __future__ import annotations

from aws_cdk import Duration, Size
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Scoring
from stacks.names import STREAM_SCORES_ERRORS_PREFIX, STREAM_SCORES_PREFIX
from stacks.permission import allow
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import deliver_objects, encrypt_with
from stacks.record_delivery import TIME_PARTITIONS
from stacks.service_role import ServiceRole


class ScoreDelivery(Construct):
    """Direct put -> lake bucket, below scores/; nothing is transformed."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        scoring: Scoring,
        bucket: s3.IBucket,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = PipelineLogGroup(self, "Logs", key=key, retention_days=log_retention_days)
        role = ServiceRole(
            self,
            "Role",
            service="firehose.amazonaws.com",
            description="Delivery of scores to the lake",
            permissions=[
                *deliver_objects(bucket, [STREAM_SCORES_PREFIX, STREAM_SCORES_ERRORS_PREFIX]),
                encrypt_with(key),
                allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    [log_group.log_group_arn],  # ends with ":*" and so covers the streams
                ),
            ],
        ).fixed
        self.delivery_stream = firehose.DeliveryStream(
            self,
            "Stream",
            role=role,
            encryption=firehose.StreamEncryption.customer_managed_key(key),
            destination=firehose.S3Bucket(
                bucket,
                role=role,
                data_output_prefix=f"{STREAM_SCORES_PREFIX}{TIME_PARTITIONS}",
                error_output_prefix=(
                    f"{STREAM_SCORES_ERRORS_PREFIX}!{{firehose:error-output-type}}/"
                    f"{TIME_PARTITIONS}"
                ),
                buffering_size=Size.mebibytes(scoring.buffer_mb),
                buffering_interval=Duration.seconds(scoring.buffer_seconds),
                encryption_key=key,
                logging_config=firehose.EnableLogging(log_group),
            ),
        )
