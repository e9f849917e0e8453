""".sync: a job that fails or is stopped fails its task, with the whole job as the cause."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.shims import sagemaker, stepfunctions
from penstock.localcloud.workers.training import TrainingJob
from tests.offline.bare_cloud import BareCloud
from tests.offline.test_step_functions import execute

pytestmark = pytest.mark.offline


class EndsAtOnce:
    """Training that comes to one end; hosting is never asked."""

    def __init__(self, status: str) -> None:
        self._status = status

    def check(self, request: dict[str, Any]) -> None:
        """Everything may start."""

    def submit(self, job: TrainingJob) -> None:
        job.finish(self._status, self._status, "over", failure_reason="AlgorithmError: no luck")

    def stop_job(self, name: str) -> None:
        """It has ended."""


@pytest.mark.parametrize(
    ("ends", "status"), [("Completed", "SUCCEEDED"), ("Failed", "FAILED"), ("Stopped", "FAILED")]
)
def test_the_tasks_end_is_the_jobs(bare_cloud: BareCloud, ends: str, status: str) -> None:
    context = bare_cloud.context
    training: Any = EndsAtOnce(ends)
    nobody: Any = None
    sagemaker.install(
        bare_cloud.patches,
        clock=context.clock,
        events=context.events,
        training=training,
        hosting=nobody,
        transform=nobody,
    )
    stepfunctions.install(bare_cloud.patches, clients=context.clients, clock=context.clock)
    states = {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {
                "TrainingJobName": "j",
                "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
                "RoleArn": bare_cloud.role_arn,
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
                "ResourceConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 10,
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
            "Next": "Register",
        },
        "Register": {"Type": "Pass", "Result": {"registered": True}, "End": True},
    }
    result = execute(bare_cloud, states)
    assert result["status"] == status
    if status == "FAILED":
        assert result["error"] == "States.TaskFailed"
        cause = json.loads(result["cause"])
        assert (cause["TrainingJobStatus"], cause["TrainingJobName"]) == (ends, "j")
        assert cause["FailureReason"] == "AlgorithmError: no luck"
    else:
        assert json.loads(result["output"]) == {"registered": True}
