"""Readings from the sensor feed become headless CSV, the grade first."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

FUNCTIONS = Path(__file__).parents[1] / "functions"


class ReadingDelivery(Construct):
    """Kinesis stream -> line writer (Lambda) -> CSV under `telemetry/readings/`."""

    delivered_prefix = "telemetry/readings/"

    def __init__(
        self, scope: Construct, construct_id: str, *, feed: kinesis.IStream, landing: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self,
            "WriterLogs",
            retention=logs.RetentionDays.ONE_WEEK,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        writer = lambda_.Function(
            self,
            "LineWriter",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="lines.comma_separated",
            code=lambda_.Code.from_asset(str(FUNCTIONS / "line_writer")),
            timeout=cdk.Duration.seconds(30),
            memory_size=512,
            environment={"DEFECT_DIAGNOSIS": "malignant"},
            log_group=log_group,
        )
        role = iam.Role(
            self, "DeliveryRole", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com")
        )
        grants = [
            feed.grant_read(role),
            landing.grant_read_write(role),
            writer.grant_invoke(role),
        ]
        delivery = firehose.CfnDeliveryStream(
            self,
            "Delivery",
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=(
                firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
                    kinesis_stream_arn=feed.stream_arn, role_arn=role.role_arn
                )
            ),
            extended_s3_destination_configuration=(
                firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                    bucket_arn=landing.bucket_arn,
                    role_arn=role.role_arn,
                    prefix=f"{self.delivered_prefix}day=!{{timestamp:yyyy-MM-dd}}/",
                    error_output_prefix="telemetry/rejected/!{firehose:error-output-type}/",
                    buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                        interval_in_seconds=120, size_in_m_bs=8
                    ),
                    compression_format="UNCOMPRESSED",
                    processing_configuration=(
                        firehose.CfnDeliveryStream.ProcessingConfigurationProperty(
                            enabled=True, processors=[_lambda_processor(writer)]
                        )
                    ),
                )
            ),
        )
        for grant in grants:
            grant.apply_before(delivery)
        self.log_group_name = log_group.log_group_name


def _lambda_processor(
    writer: lambda_.IFunction,
) -> firehose.CfnDeliveryStream.ProcessorProperty:
    parameters = {
        "LambdaArn": writer.function_arn,
        "NumberOfRetries": "1",
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": "60",
    }
    return firehose.CfnDeliveryStream.ProcessorProperty(
        type="Lambda",
        parameters=[
            firehose.CfnDeliveryStream.ProcessorParameterProperty(
                parameter_name=name, parameter_value=value
            )
            for name, value in parameters.items()
        ],
    )
