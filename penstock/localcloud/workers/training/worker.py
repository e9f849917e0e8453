"""Runs training jobs: every one in a thread, its programs in processes of their own."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.job_threads import JobThreads
from penstock.localcloud.workers.s3 import S3_ATTEMPTS
from penstock.localcloud.workers.training.channels import ChannelError, channels_of
from penstock.localcloud.workers.training.job import TrainingJob, TrainingReport
from penstock.localcloud.workers.training.run import TrainingRun

# between SIGTERM and SIGKILL (botocore 1.44.5 sagemaker model, StopTrainingJob)
GRACE_SECONDS = 120.0


class RefusedRequestError(Exception):
    """CreateTrainingJob answers with a ValidationException; the text is its message."""


class TrainingWorker:
    """`reports` has an account of what was fed and honoured, by job name."""

    def __init__(self, context: CloudContext, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._context = context
        self._grace_seconds = grace_seconds
        self._jobs = JobThreads("training")
        self.reports: dict[str, TrainingReport] = {}

    def start(self) -> None:
        """Nothing to do: work begins with the first job."""

    def stop(self) -> None:
        """End all jobs that run; their programs get a second instead of the grace period."""
        self._jobs.stop()

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTrainingJob itself refuses: an empty channel."""
        role = str(request["RoleArn"])
        try:
            s3 = self._context.clients.for_role(
                role, "s3", attempts=S3_ATTEMPTS, by="sagemaker.amazonaws.com"
            )
            channels_of(request, s3, region=self._context.region)
        except ChannelError as error:
            raise RefusedRequestError(str(error)) from None
        except ClientError as error:
            if error.operation_name == "AssumeRole":
                raise RefusedRequestError(f"Could not assume role {role}: {error}") from None
            raise RefusedRequestError(str(error)) from None

    def submit(self, job: TrainingJob) -> None:
        """Begin to run the job and return at once."""
        run = TrainingRun(self._context, job, self._grace_seconds)
        self.reports[job.name] = run.report
        self._jobs.submit(job.name, run)

    def stop_job(self, name: str) -> None:
        """StopTrainingJob for a job that runs."""
        self._jobs.stop_job(name)
