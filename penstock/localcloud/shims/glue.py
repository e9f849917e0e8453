"""Glue job runs that a worker carries out; moto's own change state each time one looks at them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.glue import models
from moto.glue.exceptions import JobRunNotFoundException
from moto.glue.responses import GlueResponse

from penstock.localcloud.shims.glue_connections import install_connections
from penstock.localcloud.shims.glue_jobs import install_jobs
from penstock.localcloud.shims.patches import Patches

ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")


class JobRun(models.FakeJobRun):  # type: ignore[misc]
    """One run of a job as GetJobRun shows it; whoever carries it out sets its state.

    `started_on` and `completed_on` are UTC; ExecutionTime is `execution_seconds`, rounded.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state = "STARTING"
        self.completed_on: datetime | None = None
        self.execution_seconds = 0.0
        self.error_message = ""
        self.glue_version = ""
        self.log_group = "/aws-glue/jobs"

    @property
    def status(self) -> str:
        """The state, under the name that moto uses to count running ones."""
        return self.state

    def advance(self) -> None:
        """Looking at a run changes nothing."""

    @property
    def ended(self) -> bool:
        """Whether the run is over, well or not."""
        return self.state in ENDED

    def as_dict(self) -> dict[str, Any]:
        """The JobRun structure of the Glue API."""
        shown: dict[str, Any] = super().as_dict()
        shown.update(
            JobRunState=self.state,
            ExecutionTime=round(self.execution_seconds),
            LogGroupName=self.log_group,
            GlueVersion=self.glue_version,
        )
        if self.completed_on is None:
            del shown["CompletedOn"]
        if self.error_message:
            shown["ErrorMessage"] = self.error_message
        return shown


Start = Callable[[str, JobRun], None]
Stop = Callable[[JobRun], None]


def install(patches: Patches, *, start: Start, stop: Stop) -> None:
    """Call `start(job name, run)` for each StartJobRun and `stop(run)` for each stop request.

    Both must return at once. ConcurrentRunsExceededException stays moto's: it counts the runs
    that are STARTING or RUNNING against ExecutionProperty.MaxConcurrentRuns.
    """
    stock_start = models.GlueBackend.start_job_run

    def start_job_run(self: Any, name: str, *args: Any, **kwargs: Any) -> str:
        run_id: str = stock_start(self, name, *args, **kwargs)
        job = self.get_job(name)
        run = job.get_job_run(run_id)
        run.glue_version = job.glue_version or ""
        start(name, run)
        return run_id

    def batch_stop_job_run(self: Any) -> ActionResult:
        name = self._get_param("JobName")
        submitted, errors = [], []
        for run_id in self._get_param("JobRunIds"):
            try:
                run = self.glue_backend.get_job_run(name, run_id)
            except JobRunNotFoundException as error:
                errors.append(_stop_error(name, run_id, "EntityNotFoundException", error.message))
                continue
            if run.ended:
                message = f"Job run {run_id} is {run.state}, it cannot be stopped."
                errors.append(_stop_error(name, run_id, "InvalidInputException", message))
                continue
            stop(run)
            submitted.append({"JobName": name, "JobRunId": run_id})
        return ActionResult({"SuccessfulSubmissions": submitted, "Errors": errors})

    install_connections(patches)
    install_jobs(patches)
    patches.replace(models, "FakeJobRun", JobRun)
    patches.replace(models.GlueBackend, "start_job_run", start_job_run)
    patches.add(GlueResponse, "batch_stop_job_run", batch_stop_job_run)


def _stop_error(name: str, run_id: str, code: str, message: str) -> dict[str, Any]:
    return {
        "JobName": name,
        "JobRunId": run_id,
        "ErrorDetail": {"ErrorCode": code, "ErrorMessage": message},
    }


def moto_time(moment: datetime) -> datetime:
    """A time as moto keeps it: UTC without a time zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
