"""One training job from its request to its end: instances, channels, program, artifacts."""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.engines.registry import UnknownImageError, find_engine
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.container import ContainerProcess
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.artifacts import upload_archive
from penstock.localcloud.workers.training.channels import (
    ChannelError,
    ChannelObjects,
    channels_of,
    input_mode,
)
from penstock.localcloud.workers.training.files import download
from penstock.localcloud.workers.training.job import ChannelReport, TrainingJob, TrainingReport
from penstock.localcloud.workers.training.layout import HostLayout
from penstock.localcloud.workers.training.metrics import MetricReader
from penstock.localcloud.workers.training.pipe import PipeFeeder

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
DEFAULT_MAX_RUNTIME_SECONDS = 86_400  # botocore 1.44.5 sagemaker model, StoppingCondition
FAILURE_REASON_CHARACTERS = 1024
_LOOK_SECONDS = 0.05


class JobFailedError(Exception):
    """The job fails; the text is its FailureReason."""


class Ended(Enum):
    """How the programs of a job came to their end."""

    BY_THEMSELVES = "by themselves"
    STOPPED = "stopped"
    MAX_RUNTIME = "max runtime"


@dataclass
class Host:
    """One instance of the job: its own /opt/ml, channels, process and log stream."""

    name: str
    layout: HostLayout
    log: LogStream
    channels: list[ChannelObjects]
    reports: list[ChannelReport] = field(default_factory=list)
    feeders: list[PipeFeeder] = field(default_factory=list)
    process: ContainerProcess | None = None


class TrainingRun:
    """Runs in a thread of its own; `stop` may be called from any other."""

    def __init__(self, context: CloudContext, job: TrainingJob, grace_seconds: float) -> None:
        self._context = context
        self._job = job
        self._grace_seconds = grace_seconds
        self._request = job.request
        self._role = str(job.request["RoleArn"])
        self._stop = threading.Event()
        self._hosts: list[Host] = []
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
                self._prepare()
                self._job.training_started()
                ended = self._train(engine, metrics)
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
            finally:
                self._clean_up()

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

    def _prepare(self) -> None:
        """Lay out every host; download File channels, put up the FIFOs of Pipe channels."""
        self._between_hosts.mkdir(parents=True, exist_ok=True)
        count = int((self._request.get("ResourceConfig") or {}).get("InstanceCount") or 1)
        names = [f"algo-{number + 1}" for number in range(count)]
        s3 = self._context.clients.for_role(self._role, "s3")
        started = int(self._context.clock.now().timestamp())
        for number, name in enumerate(names):
            channels = channels_of(
                self._request, s3, region=self._context.region, host=number, hosts=count
            )
            layout = HostLayout(self._directory / name / "opt" / "ml")
            layout.create(
                hyperparameters=self._request.get("HyperParameters") or {},
                channels=channels,
                host=name,
                hosts=names,
            )
            log = LogStream(
                self._context.clients.for_role(self._role, "logs"),
                self._context.clock,
                group=LOG_GROUP,
                stream=f"{self._job.name}/{name}-{started}",
                create_group=True,
            )
            self._hosts.append(Host(name, layout, log, channels))
        if any(c.input_mode != "Pipe" for host in self._hosts for c in host.channels):
            self._job.transition("Downloading", "Downloading input data")
        for host in self._hosts:
            for channel in host.channels:
                self._feed(host, channel, s3)
        self._job.transition("Training", "Training image download completed. Training in progress.")

    def _feed(self, host: Host, channel: ChannelObjects, s3: Any) -> None:
        report = ChannelReport(host.name, channel.name, channel.input_mode, channel.content_type)
        host.reports.append(report)
        self.report.channels.append(report)
        if channel.input_mode == "Pipe":
            host.feeders.append(PipeFeeder(channel, s3, host.layout.data, report))
        else:
            # FastFile mounts the same files; here they are always downloaded
            report.bytes = download(channel, s3, host.layout.data)
            report.epochs = 1

    def _train(self, engine: Engine, metrics: MetricReader) -> Ended:
        for host in self._hosts:
            for feeder in host.feeders:
                feeder.start()
            host.process = ContainerProcess(
                engine.command("train"),
                environment=self._environment(host),
                directory=host.layout.root,
                stream=host.log,
                on_line=metrics.read,
            )
            host.process.start()
        try:
            ended = self._wait()
        finally:
            for host in self._hosts:
                if host.process is not None and host.process.poll() is None:
                    host.process.stop(self._grace_seconds)
                for feeder in host.feeders:
                    feeder.stop()
                if host.process is not None:
                    host.process.finish_output()
        self._raise_failures(ended)
        return ended

    def _wait(self) -> Ended:
        """Until every program has ended, or one has failed, or the job must stop."""
        condition = self._request.get("StoppingCondition") or {}
        limit = float(condition.get("MaxRuntimeInSeconds") or DEFAULT_MAX_RUNTIME_SECONDS)
        end = time.monotonic() + limit
        while True:
            codes = [host.process.poll() for host in self._hosts if host.process is not None]
            if all(code is not None for code in codes) or any(codes):
                return Ended.BY_THEMSELVES
            if any(feeder.error for host in self._hosts for feeder in host.feeders):
                return Ended.BY_THEMSELVES
            if self._stop.wait(_LOOK_SECONDS):
                return Ended.STOPPED
            if time.monotonic() >= end:
                return Ended.MAX_RUNTIME

    def _raise_failures(self, ended: Ended) -> None:
        """JobFailedError for data that could not be fed and for programs that gave up."""
        for host in self._hosts:
            for feeder in host.feeders:
                if feeder.error:
                    raise JobFailedError(f"ClientError: Data download failed: {feeder.error}")
        if ended is not Ended.BY_THEMSELVES:
            return
        failed = [host for host in self._hosts if host.process and host.process.poll()]
        # a host that was ended because another one gave up has no reason of its own
        failed.sort(key=lambda host: not host.layout.failure())
        for host in failed:
            assert host.process is not None
            raise JobFailedError(failure_reason(host.layout.failure(), host.process.poll() or 0))

    def _environment(self, host: Host) -> dict[str, str]:
        """SageMaker developer guide, your-algorithms-training-algo-running-container."""
        environment = {str(k): str(v) for k, v in (self._request.get("Environment") or {}).items()}
        environment.update(
            TRAINING_JOB_NAME=self._job.name,
            TRAINING_JOB_ARN=self._job.arn,
            AWS_REGION=self._context.region,
            OPT_ML=str(host.layout.root),
            BETWEEN_HOSTS=str(self._between_hosts),
        )
        if not self._request.get("EnableNetworkIsolation"):
            environment.update(self._context.clients.environment(self._role))
        return environment

    def _upload(self) -> None:
        output = self._request["OutputDataConfig"]
        base = f"{str(output['S3OutputPath']).rstrip('/')}/{self._job.name}/output"
        s3 = self._context.clients.for_role(self._role, "s3")
        key = str(output.get("KmsKeyId") or "")
        archives = {
            "model.tar.gz": [host.layout.model for host in self._hosts],
            "output.tar.gz": [host.layout.output / "data" for host in self._hosts],
        }
        for name, directories in archives.items():
            if any(next(directory.rglob("*"), None) for directory in directories):
                target = S3Address.parse(f"{base}/{name}")
                upload_archive(directories, self._directory / name, target, s3, key)

    def _account(self, engine: Engine) -> None:
        """What was fed, and what the engine did otherwise, into report, log and ledger."""
        for host in self._hosts:
            account = host.layout.engine_account()
            records = account.get("records") or {}
            for report in host.reports:
                report.records = records.get(report.channel)
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
        self._job.finish(status, secondary, message, metrics=metrics.values)

    def _fail(self, reason: str) -> None:
        reason = reason[:FAILURE_REASON_CHARACTERS]
        self._job.finish("Failed", "Failed", "Training job failed", failure_reason=reason)

    def _clean_up(self) -> None:
        for host in self._hosts:
            host.layout.remove()
        shutil.rmtree(self._between_hosts, ignore_errors=True)

    @property
    def _directory(self) -> Path:
        return self._context.workdir / "training" / self._job.name

    @property
    def _between_hosts(self) -> Path:
        """A folder that all hosts of the job see: their network, as far as they need one."""
        return self._directory / "between-hosts"


def platform_differences(request: dict[str, Any]) -> list[str]:
    """Settings of a request that change nothing here, one line each."""
    lines = []
    if request.get("EnableManagedSpotTraining"):
        lines.append("EnableManagedSpotTraining: nothing interrupts the job")
    if request.get("CheckpointConfig"):
        lines.append("CheckpointConfig: nothing is synchronised with S3")
    if (request.get("ResourceConfig") or {}).get("KeepAlivePeriodInSeconds"):
        lines.append("KeepAlivePeriodInSeconds: no machines are kept, and none need to start")
    if request.get("VpcConfig"):
        lines.append("VpcConfig: the program runs on this machine's network")
    if any(input_mode(request, c) == "FastFile" for c in request.get("InputDataConfig") or []):
        lines.append("FastFile: objects are downloaded before the program starts, as in File mode")
    return lines


def failure_reason(failure: str, code: int) -> str:
    """FailureReason of a program that ended with `code` and left `failure` behind.

    "AlgorithmError: ..." is published (SageMaker developer guide,
    common-info-all-sagemaker-models-logs); that a built-in algorithm's own refusal of its input
    becomes "ClientError: ..." is from experience, unconfirmed.
    """
    text = re.sub(r"\s+", " ", failure).strip()
    refused = re.match(r"Customer Error:\s*(.*)", text)
    if refused:
        return f"ClientError: {refused.group(1)}, exit code: {code}"
    return f"AlgorithmError: {text or 'see the job log'}, exit code: {code}"
