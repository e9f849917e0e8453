"""Every role's actions, none missing and none too many: a dropped one shows on AWS only."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.synth.reading import as_list
from tests.synth.test_synth_least_privilege import SERVICES, WATCHED_SERVICES

# By the beginning of the role's logical id and by service. What they may do it on, and under
# which conditions, is in test_synth_least_privilege.
ACTIONS = {
    "TransformRole": {
        "kms": "Decrypt",
        "logs": "CreateLogStream PutLogEvents",
    },
    "DeliveryRole": {
        "glue": "GetTable GetTableVersion GetTableVersions",
        "kinesis": "DescribeStream GetRecords GetShardIterator ListShards",
        "kms": "Decrypt GenerateDataKey",
        "lambda": "GetFunctionConfiguration InvokeFunction",
        "logs": "CreateLogStream PutLogEvents",
        "s3": (
            "AbortMultipartUpload GetBucketLocation GetObject ListBucket "
            "ListBucketMultipartUploads PutObject"
        ),
    },
    "PrepareRole": {
        "cloudwatch": "PutMetricData",
        "glue": "GetSecurityConfiguration",
        "kms": "Decrypt Encrypt GenerateDataKey",
        "logs": "AssociateKmsKey CreateLogGroup CreateLogStream PutLogEvents",
        "s3": (
            "AbortMultipartUpload DeleteObject GetBucketLocation GetObject ListBucket PutObject"
        ),
    },
    "TrainingRole": {
        "cloudwatch": "PutMetricData",
        "ecr": (
            "BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer"
        ),
        "kms": "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey",
        "logs": "CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents",
        "s3": "AbortMultipartUpload GetObject ListBucket PutObject",
    },
    "TrainingComparisonScoringRole": {
        "cloudwatch": "PutMetricData",
        "ecr": (
            "BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer"
        ),
        "kms": "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey",
        "logs": "CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents",
        "s3": "AbortMultipartUpload GetObject ListBucket PutObject",
    },
    "TrainingComparisonCompareRole": {
        "kms": "Decrypt",
        "logs": "CreateLogStream PutLogEvents",
        "s3": "GetObject",
    },
    "ModelRole": {
        "cloudwatch": "PutMetricData",
        "ecr": (
            "BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer"
        ),
        "kms": "Decrypt",
        "logs": "CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents",
        "s3": "GetObject",
    },
    "TrainingWorkflowRole": {
        "ecr": "BatchGetImage DescribeImages",
        "events": "DescribeRule PutRule PutTargets",
        "glue": "BatchStopJobRun GetJobRun GetJobRuns StartJobRun",
        "iam": "PassRole",
        "kms": "CreateGrant Decrypt DescribeKey GenerateDataKey",
        "lambda": "InvokeFunction",
        "logs": (
            "CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies "
            "GetLogDelivery ListLogDeliveries PutResourcePolicy UpdateLogDelivery"
        ),
        "s3": "GetObject",
        "sagemaker": (
            "AddTags CreateModel CreateModelPackage CreateTrainingJob CreateTransformJob "
            "DeleteModel DescribeModelPackage DescribeTrainingJob DescribeTransformJob ListTags "
            "StopTrainingJob StopTransformJob"
        ),
        "sns": "Publish",
        "ssm": "GetParameter",
        "xray": "GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments",
    },
    "DeploymentWorkflowRole": {
        "cloudformation": "DescribeStacks SetStackPolicy UpdateStack",
        "iam": "PassRole",
        "kms": "Decrypt GenerateDataKey",
        "logs": (
            "CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies "
            "GetLogDelivery ListLogDeliveries PutResourcePolicy UpdateLogDelivery"
        ),
        "sns": "Publish",
        "ssm": "GetParameter GetParameters PutParameter",
        "xray": "GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments",
    },
    "DeploymentRuleRole": {
        "states": "StartExecution",
    },
    "ServingUpdateRole": {
        "iam": "PassRole",
        "kms": "CreateGrant DescribeKey",
        "sagemaker": (
            "AddTags CreateEndpoint CreateEndpointConfig CreateModel DeleteEndpoint "
            "DeleteEndpointConfig DeleteModel DeleteTags DescribeEndpoint "
            "DescribeEndpointConfig DescribeModel DescribeModelPackage ListTags UpdateEndpoint"
        ),
        "ssm": "GetParameters",
    },
}

GLUE_RUN = "BatchStopJobRun GetJobRun GetJobRuns StartJobRun"
MACHINE = {key: ACTIONS["DeploymentWorkflowRole"][key] for key in ("kms", "logs", "sns", "xray")}
# The same where digits is captured, monitored and trained again: what changes, what comes on top.
WATCHED_ACTIONS = {
    **ACTIONS,
    "ModelRole": {
        **ACTIONS["ModelRole"],
        "kms": "Decrypt GenerateDataKey",
        "s3": "GetObject PutObject",
    },
    "DeploymentWorkflowRole": {
        **ACTIONS["DeploymentWorkflowRole"],
        "glue": GLUE_RUN,
        "sagemaker": "DescribeModelPackage",
    },
    "MonitorRole": {
        **ACTIONS["PrepareRole"],
        "s3": "AbortMultipartUpload GetBucketLocation GetObject ListBucket PutObject",
    },
    "MonitorWorkflowRole": {
        **MACHINE,
        "glue": GLUE_RUN,
        "s3": "GetObject",
        "sagemaker": "DescribeModelPackage",
        "ssm": "GetParameter",
    },
    "MonitorScheduleRole": {"kms": "Decrypt", "states": "StartExecution"},
    "RetrainDecisionRole": {
        "cloudwatch": "DescribeAlarms",
        "kms": "Decrypt",
        "logs": "CreateLogStream PutLogEvents",
        "s3": "ListBucket",
        "states": "DescribeExecution DescribeStateMachine ListExecutions",
    },
    "RetrainWorkflowRole": {**MACHINE, "lambda": "InvokeFunction", "states": "StartExecution"},
    "RetrainRuleRole": {"states": "StartExecution"},
    "RetrainScheduleRole": {"kms": "Decrypt", "states": "StartExecution"},
}


def actions(stage: Any, role: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for statement in stage.statements(role):
        for action in as_list(statement["Action"]):
            service, name = action.split(":")
            found[service].add(name)
    return found


@pytest.mark.parametrize("role", SERVICES)
def test_a_role_has_these_actions(plain: Any, role: str) -> None:
    assert actions(plain, role) == {s: set(names.split()) for s, names in ACTIONS[role].items()}


@pytest.mark.parametrize("role", WATCHED_SERVICES)
def test_a_role_has_these_actions_where_something_watches(watched: Any, role: str) -> None:
    assert actions(watched, role) == {
        service: set(names.split()) for service, names in WATCHED_ACTIONS[role].items()
    }


@pytest.mark.parametrize("machine", ["Training", "Deployment", "Monitor", "Retrain"])
def test_what_is_tried_again_is_tried_more_than_once_and_ever_more_slowly(
    watched: Any, machine: str
) -> None:
    retries = [
        retry
        for state in watched.machine(machine)["States"].values()
        for retry in state.get("Retry", [])
    ]
    assert len(retries) >= 3
    for retry in retries:
        assert retry["MaxAttempts"] >= 3
        assert retry["BackoffRate"] >= 1.5
        assert retry["IntervalSeconds"] >= 5
