"""The function that decides whether the pipeline trains again now."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Network, Retrain
from stacks.names import RECORDS_PREFIX
from stacks.permission import Permission, allow
from stacks.pipeline_function import PipelineFunction
from stacks.policies import list_bucket

MEMORY_MB = 256
TIMEOUT_SECONDS = 60  # some thousand executions and objects are listed in a few seconds


class RetrainDecision(PipelineFunction):
    """It looks at trainings, the alarm and the names of records, and starts nothing itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        retrain: Retrain,
        training: sfn.StateMachine,
        alarm: cloudwatch.IAlarm | None,
        lake: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        executions = Stack.of(scope).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{training.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        permissions: list[Permission] = [
            list_bucket(lake, [RECORDS_PREFIX]),
            allow(
                ["states:DescribeStateMachine", "states:ListExecutions"],
                [training.state_machine_arn],
            ),
            allow(
                ["states:DescribeExecution"],
                [executions],
                wildcard="executions of one machine",
            ),
        ]
        if alarm is not None:
            permissions.append(_describe_alarms(scope))
        super().__init__(
            scope,
            construct_id,
            folder="decide_retrain",
            description="Decides whether the pipeline trains again now",
            role_description="Decision on automatic trainings of the pipeline",
            permissions=permissions,
            environment={
                "TRAINING_MACHINE_ARN": training.state_machine_arn,
                "LAKE_BUCKET": lake.bucket_name,
                "RECORDS_PREFIX": RECORDS_PREFIX,
                "ALARM_NAME": "" if alarm is None else alarm.alarm_name,
                "EVERY_DAYS": "" if retrain.every_days is None else str(retrain.every_days),
                "AT_MOST_PER_DAY": str(retrain.at_most_per_day),
                "PAUSE_MINUTES": str(retrain.pause_minutes),
            },
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )


def _describe_alarms(scope: Construct) -> Permission:
    """Looking at alarms.

    A public report has the call refused on alarm:* where a prefix was asked for
    (aws-samples/amazon-cloudwatch-auto-alarms#1); whether one name narrows it is unconfirmed.
    """
    alarms = Stack.of(scope).format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return allow(
        ["cloudwatch:DescribeAlarms"],
        [alarms],
        wildcard="CloudWatch may ask for all alarms, whatever the filter",
    )
