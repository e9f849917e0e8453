"""A state that calls an AWS API, tried again where the service is throttling or unavailable."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

# Throttling has no name of its own in the models of these APIs (botocore 1.44.5); such errors
# come under the SDK for Java's base exception of the service (from experience, unconfirmed).
RETRY = {
    "cloudformation": ("CloudFormation.CloudFormationException",),
    "s3": ("S3.S3Exception",),
    "sagemaker": ("SageMaker.SageMakerException",),
    "ssm": ("Ssm.SsmException", "Ssm.TooManyUpdatesException", "Ssm.InternalServerErrorException"),
    "sns": ("Sns.SnsException", "Sns.InternalErrorException", "Sns.KmsThrottlingException"),
}


def sdk_call(
    scope: Construct,
    name: str,
    action: str,
    parameters: dict[str, Any],
    *,
    result_path: str,
    result_selector: dict[str, str] | None = None,
    retry: bool = True,
) -> sfn.CustomState:
    """The state; `action` is written as Step Functions does, such as 'ssm:putParameter'."""
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"arn:{Aws.PARTITION}:states:::aws-sdk:{action}",
        "Parameters": parameters,
        "ResultPath": result_path,
    }
    if result_selector is not None:
        state["ResultSelector"] = result_selector
    call = sfn.CustomState(scope, name, state_json=state)
    if not retry:
        return call
    return call.add_retry(
        errors=list(RETRY[action.split(":")[0]]),
        interval=Duration.seconds(5),
        backoff_rate=2,
        max_attempts=4,
    )
