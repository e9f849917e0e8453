"""One training job from its request to its end: attempts, artifacts, account."""

from __future__ import annotations

import logging
import threading
import time
from enum import Enum
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.engines.registry import UnknownImageError, find_engine
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.s3 import S3_ATTEMPTS, S3Address
from penstock.localcloud.workers.training.artifacts import upload_archive
from penstock.localcloud.workers.training.channels import ChannelError
from penstock.localcloud.workers.training.differences import platform_differences
from penstock.localcloud.workers.training.failure import failure_reason
from penstock.localcloud.workers.training.job import TrainingJob, TrainingReport
from penstock.localcloud.workers.training.machines import Machines
from penstock.localcloud.workers.training.metrics import MetricReader
from penstock.localcloud.workers.training.trouble import JobTrouble

log = logging.getLogger(__name__)

DEFAULT_MAX_RUNTIME_SECONDS = 86_400  # botocore 1.44.5 sagemaker model, StoppingCondition
FAILURE_REASON_CHARACTERS = 1024
_LOOK_SECONDS = 0.05


class JobFailedError(Exception):
    """The job fails; the text is its FailureReason."""


class Ended(Enum):
    """How the programs of an attempt came to their end."""

    BY_THEMSELVES = "by themselves"
    STOPPED = "stopped"
    MAX_RUNTIME = "max runtime"
    INTERRUPTED = "interrupted"


class TrainingRun:
    """Runs in a thread of its own; `stop` may be called from any other."""

    def __init__(self, context: CloudContext, job: TrainingJob, grace_seconds: float) -> None:
        self._context = context
        self._job = job
        self._grace_seconds = grace_seconds
        self._request = job.request
        self._role = str(job.request["RoleArn"])
        self._directory = context.workdir / "training" / job.name
        self._stop = threading.Event()
        self._trouble = JobTrouble(context.faults, job.name, job.request)
        self._machines = self._new_machines()
        condition = job.request.get("StoppingCondition") or {}
        # of all attempts together (botocore 1.44.5 sagemaker model, MaxRuntimeInSeconds)
        self._seconds_left = self._trouble.limit_seconds(
            float(condition.get("MaxRuntimeInSeconds") or DEFAULT_MAX_RUNTIME_SECONDS)
        )
        self.report = TrainingReport(job.name, self._image)

    @property
    def _image(self) -> str:
        return str((self._request.get("AlgorithmSpecification") or {}).get("TrainingImage") or "")

    def stop(self) -> None:
        """StopTrainingJob: SIGTERM, the grace period, SIGKILL."""
        self._stop.set()

    def abandon(self) -> None:
        """The local cloud closes: stop with a grace period of a second."""
        self._grace_seconds = min(self._grace_seconds, 1.0)
        self._stop.set()

    def run(self) -> None:
        """Take the job to Completed, Failed or Stopped; never raises for what the job did."""
        with self._context.clock.busy():
            metrics: MetricReader | None = None
            try:
                engine = self._engine()
                metrics = self._metrics(engine)
                ended = self._attempt(engine, metrics)
                while ended is Ended.INTERRUPTED:
                    self._begin_anew()
                    ended = self._attempt(engine, metrics)
                self._job.transition("Uploading", "Uploading generated training model")
                self._upload()
                self._account(engine)
            except (JobFailedError, UnknownImageError) as failure:
                self._fail(str(failure))
            except (ClientError, BotoCoreError, OSError, ValueError, ChannelError) as error:
                self._fail(f"ClientError: {error}")
            except Exception as error:
                # whatever it was, nobody may wait for this job for ever
                log.exception("training job %s", self._job.name)
                self._fail(f"InternalServerError: {type(error).__name__}: {error}")
            else:
                self._finish(ended, metrics)

    def _engine(self) -> Engine:
        if not self._image:
            raise JobFailedError(
                "ClientError: AlgorithmSpecification has no TrainingImage; "
                "the local cloud does not know algorithm resources (AlgorithmName)"
            )
        engine = find_engine(self._image)
        self._context.ledger.record(
            self._resource, "SageMaker training image", Life.SUBSTITUTED, engine.by
        )
        for line in platform_differences(self._request):
            self._context.ledger.note(self._resource, line)
        return engine

    @property
    def _resource(self) -> str:
        return f"{self._image} (training)"

    def _metrics(self, engine: Engine) -> MetricReader:
        asked = (self._request.get("AlgorithmSpecification") or {}).get("MetricDefinitions") or []
        return MetricReader(
            [
                *((metric.name, metric.regex) for metric in engine.metric_definitions),
                *((str(metric["Name"]), str(metric["Regex"])) for metric in asked),
            ]
        )

    def _new_machines(self) -> Machines:
        return Machines(self._context, self._job, self._directory, self._trouble.variables)

    def _attempt(self, engine: Engine, metrics: MetricReader) -> Ended:
        """From the machines' start to the programs' end."""
        machines = self._machines
        machines.lay_out()
        if machines.downloads:
            self._job.transition("Downloading", "Downloading input data")
        machines.feed()
        for line in dict.fromkeys(machines.notes):
            self._context.ledger.note(self._resource, line)
        self._job.transition("Training", "Training image download completed. Training in progress.")
        self._job.training_started()
        began = time.monotonic()
        try:
            machines.start(engine, metrics.read)
            ended = self._wait(began + self._seconds_left)
        finally:
            failed = machines.end(self._grace_seconds)
            self._seconds_left -= time.monotonic() - began
        if machines.feeding_error:
            raise JobFailedError(f"ClientError: Data download failed: {machines.feeding_error}")
        if ended is Ended.BY_THEMSELVES and failed:
            host, code = failed[0]
            self._trouble.ended_with(code, host.layout.failure())
            raise JobFailedError(failure_reason(host.layout.failure(), code))
        if ended is Ended.MAX_RUNTIME:
            self._trouble.ran_too_long()
        return ended

    def _wait(self, end: float) -> Ended:
        """Until every program has ended, or one has failed, or the job must stop."""
        machines = self._machines
        while not machines.have_ended and not machines.feeding_error:
            if self._stop.wait(_LOOK_SECONDS):
                return Ended.STOPPED
            if time.monotonic() >= end:
                return Ended.MAX_RUNTIME
            machines.keep_checkpoints()
            if self._trouble.takes_machines_back(machines.hosts):
                return Ended.INTERRUPTED
        return Ended.BY_THEMSELVES

    def _begin_anew(self) -> None:
        """On other machines, with nothing of the first ones' but the checkpoints in S3.

        SageMaker developer guide, model-managed-spot-training-status: Training, Interrupted,
        Starting, Downloading, Training. What StatusMessage says then is unconfirmed.
        """
        self._job.transition("Interrupted", "The managed spot training instances were interrupted")
        self._machines.give_back()
        self._machines = self._new_machines()
        self._trouble.begins_anew()
        self._job.transition("Starting", "Starting the training job")

    def _upload(self) -> None:
        output = self._request["OutputDataConfig"]
        base = f"{str(output['S3OutputPath']).rstrip('/')}/{self._job.name}/output"
        s3 = self._context.clients.for_role(
            self._role,
            "s3",
            attempts=S3_ATTEMPTS,
            by="sagemaker.amazonaws.com",
            source_arn=self._job.arn,
        )
        key = str(output.get("KmsKeyId") or "")
        archives: dict[str, list[Path]] = {
            "model.tar.gz": [host.layout.model for host in self._machines.hosts],
            "output.tar.gz": [host.layout.output / "data" for host in self._machines.hosts],
        }
        for name, directories in archives.items():
            if any(next(directory.rglob("*"), None) for directory in directories):
                target = S3Address.parse(f"{base}/{name}")
                upload_archive(directories, self._directory / name, target, s3, key)

    def _account(self, engine: Engine) -> None:
        """What was fed, and what the engine did otherwise, into report, log and ledger."""
        for host in self._machines.hosts:
            account = host.layout.engine_account()
            records = account.get("records") or {}
            for report in host.reports:
                report.records = records.get(report.channel)
            self.report.channels += host.reports
            for line in account.get("not_honoured") or []:
                if line not in self.report.not_honoured:
                    self.report.not_honoured.append(line)
                self._context.ledger.note(self._resource, f"{engine.name}: {line}")
            host.log.write(
                *(
                    f"channel {report.channel}: "
                    + (f"{report.records} records, " if report.records is not None else "")
                    + f"{report.bytes} bytes in the first of {report.epochs} epochs "
                    f"({report.input_mode}, {report.content_type or 'no content type'})"
                    for report in host.reports
                )
            )

    def _finish(self, ended: Ended, metrics: MetricReader) -> None:
        status, secondary, message = {
            Ended.BY_THEMSELVES: ("Completed", "Completed", "Training job completed"),
            Ended.STOPPED: ("Stopped", "Stopped", "Training job stopped"),
            Ended.MAX_RUNTIME: (
                "Stopped",
                "MaxRuntimeExceeded",
                "Training job runtime exceeded MaxRuntimeInSeconds provided",
            ),
        }[ended]
        self._machines.give_back()
        self._trouble.job_ended(status, secondary, "")
        self._job.finish(status, secondary, message, metrics=metrics.values)

    def _fail(self, reason: str) -> None:
        reason = reason[:FAILURE_REASON_CHARACTERS]
        self._machines.give_back()
        self._trouble.job_ended("Failed", "Failed", reason)
        self._job.finish("Failed", "Failed", "Training job failed", failure_reason=reason)
