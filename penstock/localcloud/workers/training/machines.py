"""The machines of one attempt at a training job: laid out, fed, started, ended, given back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.workers.container import ContainerProcess
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.s3 import S3_ATTEMPTS
from penstock.localcloud.workers.training.channels import ChannelObjects, channels_of
from penstock.localcloud.workers.training.checkpoints import Checkpoints
from penstock.localcloud.workers.training.fastfile import FastFiles, LeasesError
from penstock.localcloud.workers.training.files import download
from penstock.localcloud.workers.training.host import Host
from penstock.localcloud.workers.training.job import ChannelReport, TrainingJob
from penstock.localcloud.workers.training.layout import HostLayout
from penstock.localcloud.workers.training.pipe import PipeFeeder

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class Machines:
    """`hosts` are there from `lay_out` on; everything lies below `directory`.

    `notes` tell what `feed` had to do in another way.
    """

    def __init__(
        self, context: CloudContext, job: TrainingJob, directory: Path, variables: Mapping[str, str]
    ) -> None:
        self._context = context
        self._job = job
        self._request = job.request
        self._role = str(job.request["RoleArn"])
        self._directory = directory
        self._variables = variables
        self.hosts: list[Host] = []
        self.notes: list[str] = []

    def lay_out(self) -> None:
        """Make every host's /opt/ml. ChannelError, ValueError, ClientError."""
        self._between_hosts.mkdir(parents=True, exist_ok=True)
        count = int((self._request.get("ResourceConfig") or {}).get("InstanceCount") or 1)
        names = [f"algo-{number + 1}" for number in range(count)]
        s3 = self._s3
        started = int(self._context.clock.now().timestamp())
        for number, name in enumerate(names):
            channels = channels_of(
                self._request, s3, region=self._context.region, host=number, hosts=count
            )
            layout = HostLayout(self._directory / name / "opt" / "ml")
            checkpoints = Checkpoints.of(self._request, layout.root, s3)
            layout.create(
                hyperparameters=self._request.get("HyperParameters") or {},
                channels=channels,
                host=name,
                hosts=names,
                checkpoints=checkpoints.path if checkpoints else None,
            )
            log = LogStream(
                self._context.clients.for_role(
                    self._role, "logs", by="sagemaker.amazonaws.com", source_arn=self._job.arn
                ),
                self._context.clock,
                group=LOG_GROUP,
                stream=f"{self._job.name}/{name}-{started}",
                create_group=True,
            )
            self.hosts.append(Host(name, layout, log, channels, checkpoints))

    @property
    def downloads(self) -> bool:
        """Whether there is a channel whose objects have to be there before the programs start."""
        return any(c.input_mode == "File" for host in self.hosts for c in host.channels)

    def feed(self) -> None:
        """Restore checkpoints, download files, put up FastFile's files and the FIFOs."""
        for host in self.hosts:
            if host.checkpoints is not None:
                host.checkpoints.restore()
            for channel in host.channels:
                self._feed(host, channel)

    def start(self, engine: Engine, on_line: Callable[[str], None]) -> None:
        """Start all programs; `on_line` hears what they print."""
        for host in self.hosts:
            for feeder in host.feeders:
                feeder.start()
            host.process = ContainerProcess(
                engine.command("train"),
                environment=self._environment(host),
                directory=host.layout.root,
                stream=host.log,
                on_line=on_line,
            )
            host.process.start()

    @property
    def feeding_error(self) -> str:
        """Why data could not be fed; empty while all goes well."""
        return next((f.error for host in self.hosts for f in host.feeders if f.error), "")

    @property
    def have_ended(self) -> bool:
        """Whether all programs have ended, or one has given up."""
        codes = [host.code for host in self.hosts]
        return all(code is not None for code in codes) or any(codes)

    def keep_checkpoints(self) -> None:
        """Copy what is new to S3."""
        for host in self.hosts:
            if host.checkpoints is not None:
                host.checkpoints.follow()

    def end(self, grace_seconds: float) -> list[tuple[Host, int]]:
        """End everything; returns the hosts whose programs had failed by then, with exit codes.

        Those with a failure file come first: one that gave up because another did has none.
        """
        failed = [(host, host.code) for host in self.hosts if host.code]
        for host in self.hosts:
            host.end(grace_seconds)
        failed.sort(key=lambda found: not found[0].layout.failure())
        return [(host, code) for host, code in failed if code]

    def give_back(self) -> None:
        """Delete all that lies on them."""
        for host in self.hosts:
            host.layout.remove()
        shutil.rmtree(self._between_hosts, ignore_errors=True)

    def _feed(self, host: Host, channel: ChannelObjects) -> None:
        report = ChannelReport(host.name, channel.name, channel.input_mode, channel.content_type)
        host.reports.append(report)
        if channel.input_mode == "Pipe":
            host.feeders.append(PipeFeeder(channel, self._s3, host.layout.data, report))
            return
        if channel.input_mode == "FastFile":
            try:
                host.feeders.append(FastFiles(channel, self._s3, host.layout.data, report))
            except LeasesError as error:
                self.notes.append(
                    f"FastFile channel {channel.name}: objects are downloaded before the program "
                    f"starts, as in File mode: {error}"
                )
            else:
                return
        report.bytes = download(channel, self._s3, host.layout.data)
        report.epochs = 1

    def _environment(self, host: Host) -> dict[str, str]:
        """SageMaker developer guide, your-algorithms-training-algo-running-container."""
        environment = {str(k): str(v) for k, v in (self._request.get("Environment") or {}).items()}
        environment.update(
            TRAINING_JOB_NAME=self._job.name,
            TRAINING_JOB_ARN=self._job.arn,
            AWS_REGION=self._context.region,
            OPT_ML=str(host.layout.root),
            BETWEEN_HOSTS=str(self._between_hosts),
            **self._variables,
        )
        if not self._request.get("EnableNetworkIsolation"):
            environment.update(
                self._context.clients.environment(
                    self._role, by="sagemaker.amazonaws.com", source_arn=self._job.arn
                )
            )
        return environment

    @property
    def _s3(self) -> Any:
        return self._context.clients.for_role(
            self._role,
            "s3",
            by="sagemaker.amazonaws.com",
            source_arn=self._job.arn,
            attempts=S3_ATTEMPTS,
        )

    @property
    def _between_hosts(self) -> Path:
        """A folder that all hosts of the job see: their network, as far as they need one."""
        return self._directory / "between-hosts"
