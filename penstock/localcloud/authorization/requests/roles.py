"""iam:PassRole: which calls hand a role to a service, and to which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups

# (botocore service, operation prefix or name) -> parameter paths, and the service that gets the
# role. Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service", and
# each service's page of the Service Authorization Reference (dependent action iam:PassRole).
_PASSED: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "sagemaker": {
        "CreateTrainingJob": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateProcessingJob": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateModel": (("ExecutionRoleArn",), "sagemaker.amazonaws.com"),
        "CreateDataQualityJobDefinition": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateModelQualityJobDefinition": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateModelBiasJobDefinition": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateModelExplainabilityJobDefinition": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateMonitoringSchedule": (
            ("MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn",),
            "sagemaker.amazonaws.com",
        ),
        "UpdateMonitoringSchedule": (
            ("MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn",),
            "sagemaker.amazonaws.com",
        ),
        "CreateHyperParameterTuningJob": (
            ("TrainingJobDefinition.RoleArn",),
            "sagemaker.amazonaws.com",
        ),
        "CreatePipeline": (("RoleArn",), "sagemaker.amazonaws.com"),
        "CreateNotebookInstance": (("RoleArn",), "sagemaker.amazonaws.com"),
    },
    "lambda": {
        "CreateFunction": (("Role",), "lambda.amazonaws.com"),
        "UpdateFunctionConfiguration": (("Role",), "lambda.amazonaws.com"),
    },
    "glue": {
        "CreateJob": (("Role",), "glue.amazonaws.com"),
        "UpdateJob": (("JobUpdate.Role",), "glue.amazonaws.com"),
        "CreateCrawler": (("Role",), "glue.amazonaws.com"),
        "UpdateCrawler": (("Role",), "glue.amazonaws.com"),
    },
    "stepfunctions": {
        "CreateStateMachine": (("roleArn",), "states.amazonaws.com"),
        "UpdateStateMachine": (("roleArn",), "states.amazonaws.com"),
    },
    "firehose": {
        "CreateDeliveryStream": (
            (
                "KinesisStreamSourceConfiguration.RoleARN",
                "ExtendedS3DestinationConfiguration.RoleARN",
                "S3DestinationConfiguration.RoleARN",
            ),
            "firehose.amazonaws.com",
        ),
        "UpdateDestination": (
            ("ExtendedS3DestinationUpdate.RoleARN", "S3DestinationUpdate.RoleARN"),
            "firehose.amazonaws.com",
        ),
    },
    "events": {
        "PutRule": (("RoleArn",), "events.amazonaws.com"),
        "PutTargets": (("Targets.RoleArn",), "events.amazonaws.com"),
    },
    "scheduler": {
        "CreateSchedule": (("Target.RoleArn",), "scheduler.amazonaws.com"),
        "UpdateSchedule": (("Target.RoleArn",), "scheduler.amazonaws.com"),
    },
    "cloudformation": {
        "CreateStack": (("RoleARN",), "cloudformation.amazonaws.com"),
        "UpdateStack": (("RoleARN",), "cloudformation.amazonaws.com"),
        "DeleteStack": (("RoleARN",), "cloudformation.amazonaws.com"),
        "CreateChangeSet": (("RoleARN",), "cloudformation.amazonaws.com"),
    },
    "application-autoscaling": {
        "RegisterScalableTarget": (("RoleARN",), "application-autoscaling.amazonaws.com"),
    },
    "logs": {
        "PutSubscriptionFilter": (("roleArn",), "logs.amazonaws.com"),
    },
}


def passed_roles(call: Call, lookups: Lookups) -> list[Access]:
    """iam:PassRole with iam:PassedToService for each role that the call hands over."""
    if call.operation not in _PASSED.get(call.service, {}):
        return []
    paths, service = _PASSED[call.service][call.operation]
    roles = dict.fromkeys(role for path in paths for role in _found(call.parameters, path))
    return [
        Access(
            "iam:PassRole",
            lookups.role_arn(role),
            {"iam:PassedToService": (service,)},
        )
        for role in roles
    ]


def _found(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _found(item, path)
        return
    if not path:
        if value:
            yield str(value)
        return
    name, _, rest = path.partition(".")
    if isinstance(value, Mapping) and name in value:
        yield from _found(value[name], rest)
