"""SageMaker's training jobs: submitted to whoever runs them, shown as they stand."""

from __future__ import annotations

import copy
from typing import Any, Protocol

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import (
    AWSValidationException,
    ResourceInUseException,
    ResourceNotFound,
)
from moto.sagemaker.models import FakeTrainingJob
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_documents import naive, plain
from penstock.localcloud.workers.training import RefusedRequestError, TrainingJob


class TrainingHooks(Protocol):
    """Who runs training jobs."""

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTrainingJob itself refuses."""

    def submit(self, job: TrainingJob) -> None:
        """Run the job."""

    def stop_job(self, name: str) -> None:
        """StopTrainingJob."""


def install_training(
    patches: Patches, clock: Clock, events: EventSink, training: TrainingHooks
) -> None:
    """CreateTrainingJob checks and submits the job; StopTrainingJob exists."""
    create = SageMakerResponse.create_training_job

    def create_training_job(self: Any) -> ActionResult:
        # a copy: moto writes a metric definition of its own into what it is given
        request = copy.deepcopy(dict(self._get_params()))
        backend = self.sagemaker_backend
        name = request["TrainingJobName"]
        if name in backend.training_jobs:
            raise ResourceInUseException(
                message=f"Training job names must be unique within an AWS account and region, and "
                f"a training job with this name already exists "
                f"({backend.training_jobs[name].arn})"
            )
        try:
            training.check(request)
        except RefusedRequestError as error:
            raise AWSValidationException(str(error)) from None
        result = create(self)
        training.submit(ApiTrainingJob(backend.training_jobs[name], request, clock, events))
        return result

    def stop_training_job(self: Any) -> ActionResult:
        name = self._get_param("TrainingJobName")
        job = self.sagemaker_backend.training_jobs.get(name)
        if job is None:
            raise ResourceNotFound(message="Requested resource not found.")
        if job.training_job_status not in ("InProgress", "Stopping"):
            raise AWSValidationException(
                f"The request was rejected because the training job is in status "
                f"{job.training_job_status}."
            )
        job.training_job_status = job.secondary_status = "Stopping"
        training.stop_job(name)
        return EmptyResult()

    patches.replace(SageMakerResponse, "create_training_job", create_training_job)
    patches.add(SageMakerResponse, "stop_training_job", stop_training_job)


class ApiTrainingJob:
    """A training job in moto's backend, as DescribeTrainingJob shows it."""

    def __init__(
        self, stored: FakeTrainingJob, request: dict[str, Any], clock: Clock, events: EventSink
    ) -> None:
        self.name = str(stored.training_job_name)
        self.arn = str(stored.arn)
        self.request = request
        self._stored = stored
        self._clock = clock
        self._events = events
        now = naive(clock)
        definitions = (request.get("AlgorithmSpecification") or {}).get("MetricDefinitions")
        stored.algorithm_specification = {
            **(request.get("AlgorithmSpecification") or {}),
            "MetricDefinitions": definitions or [],
        }
        stored.creation_time = stored.last_modified_time = now
        stored.training_start_time = stored.training_end_time = None
        stored.final_metric_data_list = []
        stored.environment = request.get("Environment")
        stored.retry_strategy = request.get("RetryStrategy")
        stored.model_artifacts = {
            "S3ModelArtifacts": f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}"
            f"/{self.name}/output/model.tar.gz"
        }
        stored.secondary_status_transitions = []
        stored.training_job_status = "InProgress"
        self.transition("Starting", "Starting the training job")

    def transition(self, secondary_status: str, message: str) -> None:
        """Close the last transition and begin this one."""
        now = naive(self._clock)
        transitions = self._stored.secondary_status_transitions
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": secondary_status, "StartTime": now, "StatusMessage": message})
        if self._stored.training_job_status != "Stopping":
            self._stored.secondary_status = secondary_status
        self._stored.last_modified_time = now

    def training_started(self) -> None:
        """TrainingStartTime: that of the first attempt."""
        if self._stored.training_start_time is None:
            self._stored.training_start_time = naive(self._clock)

    def finish(
        self,
        status: str,
        secondary_status: str,
        message: str,
        *,
        failure_reason: str = "",
        metrics: dict[str, float] | None = None,
    ) -> None:
        """The final state; TrainingJobStatus is written last, because waiters look at it."""
        stored = self._stored
        now = naive(self._clock)
        self.transition(secondary_status, failure_reason or message)
        stored.secondary_status_transitions[-1]["EndTime"] = now
        if stored.training_start_time is not None:
            seconds = max(1, round((now - stored.training_start_time).total_seconds()))
            stored.training_time_in_seconds = seconds
            # of the wall clock, whatever the number of instances (botocore 1.44.5 sagemaker model,
            # BillableTimeInSeconds); what spot machines save is unknown here
            stored.billable_time_in_seconds = seconds
        stored.training_end_time = now
        stored.final_metric_data_list = [
            {"MetricName": name, "Value": value, "Timestamp": now}
            for name, value in (metrics or {}).items()
        ]
        if failure_reason:
            stored.failure_reason = failure_reason
        stored.secondary_status = secondary_status
        stored.training_job_status = status
        self._events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Training Job State Change",
            detail=plain(
                {
                    "TrainingJobName": self.name,
                    "TrainingJobArn": self.arn,
                    "TrainingJobStatus": status,
                    "SecondaryStatus": secondary_status,
                    "FailureReason": failure_reason or None,
                    "HyperParameters": self.request.get("HyperParameters"),
                    "ModelArtifacts": stored.model_artifacts,
                    "RoleArn": self.request["RoleArn"],
                    "CreationTime": stored.creation_time,
                    "TrainingEndTime": now,
                }
            ),
            resources=[self.arn],
        )
