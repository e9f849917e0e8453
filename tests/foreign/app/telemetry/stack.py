"""One stack: the landing bucket, three delivery streams and the machine that trains and serves."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_s3 as s3
from constructs import Construct

from telemetry.archive import FrameArchive
from telemetry.inspections import InspectionLog
from telemetry.readings import ReadingDelivery
from telemetry.training import GraderTraining


class PlantTelemetryStack(cdk.Stack):
    """Everything that one plant needs."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        landing = s3.Bucket(
            self,
            "Landing",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        feed = kinesis.Stream(self, "SensorFeed", shard_count=2)
        readings = ReadingDelivery(self, "Readings", feed=feed, landing=landing)
        inspections = InspectionLog(self, "Inspections", landing=landing)
        archive = FrameArchive(self, "Archive", landing=landing)
        training = GraderTraining(
            self, "Grader", landing=landing, readings_prefix=readings.delivered_prefix
        )

        cdk.CfnOutput(self, "Bucket", value=landing.bucket_name)
        cdk.CfnOutput(self, "Feed", value=feed.stream_name)
        cdk.CfnOutput(self, "InspectionDelivery", value=inspections.delivery_stream_name)
        cdk.CfnOutput(self, "ArchiveDelivery", value=archive.delivery_stream_name)
        cdk.CfnOutput(self, "WriterLogs", value=readings.log_group_name)
        cdk.CfnOutput(self, "TrainingMachine", value=training.machine_arn)
