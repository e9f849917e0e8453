"""A state that invokes a function, tried again where Lambda is throttling or unavailable."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

# Lambda's own passing faults (Step Functions developer guide, handling Lambda service exceptions)
RETRY = (
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
)


def function_call(
    scope: Construct,
    name: str,
    *,
    function: lambda_.IFunction,
    payload: dict[str, Any],
    result: dict[str, Any],
) -> sfn.CustomState:
    """The state; `payload` is the parameter Payload or Payload.$, `result` where the answer goes.

    That is ResultSelector with ResultPath or OutputPath; the answer itself is $.Payload.
    """
    state = sfn.CustomState(
        scope,
        name,
        state_json={
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::lambda:invoke",
            "Parameters": {"FunctionName": function.function_arn, **payload},
            **result,
        },
    )
    return state.add_retry(
        errors=list(RETRY), interval=Duration.seconds(5), backoff_rate=2, max_attempts=4
    )
