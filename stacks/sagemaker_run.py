"""A state that runs a SageMaker job to its end (.sync), and what its machine's role needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.names import Names
from stacks.permission import Permission, allow

# Worth another try: SageMaker was busy or out of capacity. A job that ran and failed is not.
RETRY = ("SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException")

Kind = Literal["Training", "Transform"]


def sagemaker_run(
    scope: Construct,
    name: str,
    *,
    kind: Kind,
    names: Names,
    run: str,
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
    result_path: str,
) -> sfn.CustomState:
    """The state, whose result is job_name; the job is named after `run` and the attempt.

    `parameters` are those of Create<kind>Job without the job's name and tags.
    """
    state = sfn.CustomState(
        scope,
        name,
        state_json={
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::sagemaker:create{kind}Job.sync",
            "Parameters": {
                f"{kind}JobName.$": (
                    f"States.Format('{names.training_jobs}{{}}-{{}}', {run}, $$.State.RetryCount)"
                ),
                **parameters,
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            },
            "ResultSelector": {"job_name.$": f"$.{kind}JobName"},
            "ResultPath": result_path,
        },
    )
    return state.add_retry(
        errors=list(RETRY), interval=Duration.seconds(60), backoff_rate=2, max_attempts=3
    )


def run_jobs(stack: Stack, names: Names, kind: Kind) -> list[Permission]:
    """Starting the pipeline's jobs of one kind and waiting for them.

    Step Functions developer guide, IAM policies for integrated services: SageMaker.
    """
    account = f"{stack.region}:{stack.account}"
    return [
        allow(
            [
                "sagemaker:AddTags",
                f"sagemaker:Create{kind}Job",
                f"sagemaker:Describe{kind}Job",
                "sagemaker:ListTags",
                f"sagemaker:Stop{kind}Job",
            ],
            [f"arn:{Aws.PARTITION}:sagemaker:{account}:{kind.lower()}-job/{names.training_jobs}*"],
            wildcard="jobs are named after the pipeline, the run and the attempt",
        ),
        allow(
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [
                f"arn:{Aws.PARTITION}:events:{account}:rule/"
                f"StepFunctionsGetEventsForSageMaker{kind}JobsRule"
            ],
        ),
    ]
