"""SageMaker's transform jobs: submitted to whoever runs them, shown as they stand."""

from __future__ import annotations

import copy
from typing import Any, Protocol

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException
from moto.sagemaker.models import FakeTransformJob
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_documents import naive, plain
from penstock.localcloud.workers.transform import RefusedRequestError, TransformJob


class TransformHooks(Protocol):
    """Who runs transform jobs."""

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTransformJob itself refuses."""

    def submit(self, job: TransformJob) -> None:
        """Run the job."""

    def stop_job(self, name: str) -> None:
        """StopTransformJob."""


def install_transform(
    patches: Patches, clock: Clock, events: EventSink, transform: TransformHooks
) -> None:
    """CreateTransformJob checks and submits the job; StopTransformJob exists."""
    create = SageMakerResponse.create_transform_job

    def create_transform_job(self: Any) -> ActionResult:
        request = copy.deepcopy(dict(self._get_params()))
        backend = self.sagemaker_backend
        name = request["TransformJobName"]
        if name in backend.transform_jobs:
            raise ResourceInUseException(
                message="Job name must be unique within an AWS account and region, and a job with "
                f"this name already exists ({backend.transform_jobs[name].arn})"
            )
        backend.describe_model(request["ModelName"])  # raises what DescribeModel raises
        try:
            transform.check(request)
        except RefusedRequestError as error:
            raise AWSValidationException(str(error)) from None
        result = create(self)
        transform.submit(ApiTransformJob(backend.transform_jobs[name], request, clock, events))
        return result

    def stop_transform_job(self: Any) -> ActionResult:
        name = self._get_param("TransformJobName")
        backend = self.sagemaker_backend
        job = backend.transform_jobs.get(name)
        if job is None:
            backend.describe_transform_job(name)  # raises what DescribeTransformJob raises
        if job.transform_job_status not in ("InProgress", "Stopping"):
            raise AWSValidationException(
                "The request was rejected because the transform job is in status "
                f"{job.transform_job_status}."
            )
        job.transform_job_status = "Stopping"
        transform.stop_job(name)
        return EmptyResult()

    patches.replace(SageMakerResponse, "create_transform_job", create_transform_job)
    patches.add(SageMakerResponse, "stop_transform_job", stop_transform_job)


class ApiTransformJob:
    """A transform job in moto's backend, as DescribeTransformJob shows it."""

    def __init__(
        self, stored: FakeTransformJob, request: dict[str, Any], clock: Clock, events: EventSink
    ) -> None:
        self.name = str(stored.transform_job_name)
        self.arn = str(stored.arn)
        self.request = request
        self._stored = stored
        self._clock = clock
        self._events = events
        stored.transform_job_status = "InProgress"
        stored.creation_time = stored.last_modified_time = naive(clock)
        stored.transform_start_time = stored.transform_end_time = None
        # moto answers with empty ones, which the API does not know
        stored.failure_reason = stored.labeling_job_arn = stored.auto_ml_job_arn = None

    def started(self) -> None:
        """TransformStartTime."""
        self._stored.transform_start_time = naive(self._clock)

    def finish(self, status: str, *, failure_reason: str = "") -> None:
        """The final state; TransformJobStatus is written last, because waiters look at it."""
        stored = self._stored
        stored.transform_end_time = stored.last_modified_time = naive(self._clock)
        stored.failure_reason = failure_reason or None
        stored.transform_job_status = status
        keys = (
            "ModelName",
            "MaxConcurrentTransforms",
            "MaxPayloadInMB",
            "BatchStrategy",
            "Environment",
            "TransformInput",
            "TransformOutput",
            "TransformResources",
            "DataProcessing",
        )
        # SageMaker developer guide, automating-sagemaker-with-eventbridge: as DescribeTransformJob
        self._events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Transform Job State Change",
            detail=plain(
                {
                    "TransformJobName": self.name,
                    "TransformJobArn": self.arn,
                    "TransformJobStatus": status,
                    "FailureReason": failure_reason or None,
                    **{key: self.request.get(key) for key in keys},
                    "CreationTime": stored.creation_time,
                    "TransformStartTime": stored.transform_start_time,
                    "TransformEndTime": stored.transform_end_time,
                }
            ),
            resources=[self.arn],
        )
