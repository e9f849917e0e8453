"""The states that look at a training job that has ended: only what a completed one left is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.sdk_call import sdk_call


@dataclass(frozen=True)
class JobStates:
    """What the states are called, and where in their input the job's are (`path`)."""

    describe: str
    choice: str
    stopped: str
    error: str
    path: str


TRAINING = JobStates(
    describe="DescribeTraining",
    choice="IsTrained",
    stopped="TrainingStopped",
    error="TrainingNotCompleted",
    path="$.training",
)
COMPILATION = JobStates(
    describe="DescribeCompilation",
    choice="IsCompiled",
    stopped="CompilationStopped",
    error="CompilationNotCompleted",
    path="$.compilation",
)


def ended_training(
    scope: Construct,
    states: JobStates,
    *,
    completed: sfn.IChainable,
    selected: Mapping[str, str] | None = None,
) -> sfn.IChainable:
    """The states, such as DescribeTraining and IsTrained; then `completed`, or TrainingStopped.

    `selected` is what else of the job later states want, such as its metrics. The API's answer has
    the job's final metrics: whether they are in what .sync hands back is unconfirmed; SageMaker's
    event on a training job, which .sync listens to, does not have them.

    A job that waited or ran for too long is Stopped, and may have left a model nonetheless
    (SageMaker developer guide, managed spot training lifecycle). That .sync fails then, as it does
    for a job that failed, is unconfirmed.
    """
    describe = sdk_call(
        scope,
        states.describe,
        "sagemaker:describeTrainingJob",
        {"TrainingJobName.$": f"{states.path}.job_name"},
        result_path=states.path,
        result_selector={
            "job_name.$": "$.TrainingJobName",
            "status.$": "$.TrainingJobStatus",
            "secondary_status.$": "$.SecondaryStatus",
            "artifact_uri.$": "$.ModelArtifacts.S3ModelArtifacts",
            **(selected or {}),
        },
    )
    stopped = sfn.Fail(
        scope,
        states.stopped,
        state_name=states.stopped,
        error=states.error,
        cause_path=(
            f"States.Format('{{}} is {{}}: {{}}', {states.path}.job_name, {states.path}.status, "
            f"{states.path}.secondary_status)"
        ),
    )
    return describe.next(
        sfn.Choice(scope, states.choice, state_name=states.choice)
        .when(sfn.Condition.string_equals(f"{states.path}.status", "Completed"), completed)
        .otherwise(stopped)
    )
