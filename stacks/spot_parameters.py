"""What CreateTrainingJob is told where a job runs on spare machines."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_s3 as s3

from pipelines.spec import TrainingJob
from stacks.names import CHECKPOINTS_PREFIX


def spot_parameters(training: TrainingJob, *, artifacts: s3.IBucket, run: str) -> dict[str, Any]:
    """Nothing without spot. The StoppingCondition replaces the one of an ordinary job.

    Checkpoints belong to the run, so another attempt of it goes on from those of the first. The
    address ends with a slash, or SageMaker would restore those of runs whose names begin alike.
    """
    if training.spot is None:
        return {}
    parameters: dict[str, Any] = {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {
            "MaxRuntimeInSeconds": training.max_runtime_minutes * 60,
            "MaxWaitTimeInSeconds": training.spot.max_wait_minutes * 60,
        },
    }
    if training.spot.checkpoints:
        folder = artifacts.s3_url_for_object(CHECKPOINTS_PREFIX)
        parameters["CheckpointConfig"] = {"S3Uri.$": f"States.Format('{folder}{{}}/', {run})"}
    return parameters
