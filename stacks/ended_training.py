"""The states that look at the training job that has ended: only a completed one is judged."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.sdk_call import sdk_call


def ended_training(
    scope: Construct, *, metric_values: str, completed: sfn.IChainable
) -> sfn.IChainable:
    """DescribeTraining and IsTrained; then `completed` or TrainingStopped.

    The API's answer has the job's final metrics: whether they are in what .sync hands back is
    unconfirmed; SageMaker's event on a training job, which .sync listens to, does not have them.

    A job that waited or ran for too long is Stopped, and may have left a model nonetheless
    (SageMaker developer guide, managed spot training lifecycle). That .sync fails then, as it does
    for a job that failed, is unconfirmed.
    """
    describe = sdk_call(
        scope,
        "DescribeTraining",
        "sagemaker:describeTrainingJob",
        {"TrainingJobName.$": "$.training.job_name"},
        result_path="$.training",
        result_selector={
            "job_name.$": "$.TrainingJobName",
            "status.$": "$.TrainingJobStatus",
            "secondary_status.$": "$.SecondaryStatus",
            "artifact_uri.$": "$.ModelArtifacts.S3ModelArtifacts",
            "metric_values.$": metric_values,
        },
    )
    stopped = sfn.Fail(
        scope,
        "TrainingStopped",
        state_name="TrainingStopped",
        error="TrainingNotCompleted",
        cause_path=(
            "States.Format('{} is {}: {}', $.training.job_name, $.training.status, "
            "$.training.secondary_status)"
        ),
    )
    return describe.next(
        sfn.Choice(scope, "IsTrained", state_name="IsTrained")
        .when(sfn.Condition.string_equals("$.training.status", "Completed"), completed)
        .otherwise(stopped)
    )
