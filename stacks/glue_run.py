"""A state that runs a Glue job to its end (.sync), and what its machine's role needs for it."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_glue as glue
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permission import Permission, allow

# Worth another try: the service was busy or out of capacity. A job that ran and failed is not.
RETRY = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.ResourceNumberLimitExceededException",
)


def glue_run(
    scope: Construct,
    name: str,
    *,
    job: glue.IJob,
    arguments: Mapping[str, str],
    result: Mapping[str, str],
    result_path: str,
) -> sfn.CustomState:
    """The state; `result` is its ResultSelector."""
    state = sfn.CustomState(
        scope,
        name,
        state_json={
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": job.job_name, "Arguments": dict(arguments)},
            "ResultSelector": dict(result),
            "ResultPath": result_path,
        },
    )
    return state.add_retry(
        errors=list(RETRY), interval=Duration.seconds(30), backoff_rate=2, max_attempts=4
    )


def run_job(job: glue.IJob) -> Permission:
    """Starting one job and waiting for it.

    Step Functions developer guide, IAM policies for integrated services: Glue.
    """
    return allow(
        ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
        [job.job_arn],
    )
