"""One instance of a training job: its own /opt/ml, channels, process and log stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from penstock.localcloud.workers.container import ContainerProcess
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.checkpoints import Checkpoints
from penstock.localcloud.workers.training.failure import exit_code
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.layout import HostLayout


class Feeder(Protocol):
    """What feeds a channel while the program runs; `error` says why it cannot go on."""

    error: str

    def start(self) -> None:
        """Begin to feed."""

    def stop(self) -> None:
        """End, whatever the program does."""


@dataclass
class Host:
    """`checkpoints` is None for a job without CheckpointConfig, `process` before it starts."""

    name: str
    layout: HostLayout
    log: LogStream
    channels: list[ChannelObjects]
    checkpoints: Checkpoints | None = None
    reports: list[ChannelReport] = field(default_factory=list)
    feeders: list[Feeder] = field(default_factory=list)
    process: ContainerProcess | None = None

    @property
    def code(self) -> int | None:
        """The exit code of the program, None while it runs."""
        status = self.process.poll() if self.process else None
        return None if status is None else exit_code(status)

    @property
    def is_under_way(self) -> bool:
        """Whether its training has something to lose: a checkpoint in S3, or a printed line."""
        if self.checkpoints is not None:
            return self.checkpoints.written > 0
        return self.process is not None and bool(self.process.last_lines)

    def end(self, grace_seconds: float) -> None:
        """End program and feeders; what was printed is in the log and checkpoints in S3 then."""
        if self.process is not None and self.process.poll() is None:
            self.process.stop(grace_seconds)
        for feeder in self.feeders:
            feeder.stop()
        if self.process is not None:
            self.process.finish_output()
        if self.checkpoints is not None:
            self.checkpoints.follow()
