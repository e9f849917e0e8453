"""Runs transform jobs: every one in a thread, its containers in processes of their own."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.job_threads import JobThreads
from penstock.localcloud.workers.transform.job import TransformJob
from penstock.localcloud.workers.transform.run import TransformRun
from penstock.localcloud.workers.transform.settings import TransformSettings


class TransformWorker:
    """Acts in the name of each model's execution role."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._jobs = JobThreads("transform")

    def start(self) -> None:
        """Nothing to do: work begins with the first job."""

    def stop(self) -> None:
        """End all jobs that run; their containers get a second instead of the grace period."""
        self._jobs.stop()

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTransformJob itself refuses."""
        TransformSettings.of(request)

    def submit(self, job: TransformJob) -> None:
        """Begin to run the job and return at once."""
        self._jobs.submit(job.name, TransformRun(self._context, job))

    def stop_job(self, name: str) -> None:
        """StopTransformJob for a job that runs."""
        self._jobs.stop_job(name)
