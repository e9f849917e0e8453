"""What the training worker needs to know of a job, and how it says what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class TrainingJob(Protocol):
    """A job as the API knows it. `request` is CreateTrainingJob's own request."""

    name: str
    arn: str
    request: dict[str, Any]

    def transition(self, secondary_status: str, message: str) -> None:
        """Go to a secondary status; TrainingJobStatus follows from it where it does."""

    def training_started(self) -> None:
        """TrainingStartTime: the instances are there."""

    def finish(
        self,
        status: str,
        secondary_status: str,
        message: str,
        *,
        failure_reason: str = "",
        metrics: dict[str, float] | None = None,
    ) -> None:
        """Completed, Failed or Stopped, with TrainingEndTime and the final metrics."""


@dataclass
class ChannelReport:
    """What was fed into one channel of one host in its first epoch, and how often."""

    host: str
    channel: str
    input_mode: str
    content_type: str
    bytes: int = 0
    records: int | None = None
    epochs: int = 0


@dataclass
class TrainingReport:
    """A job's account: channels by host, and what the engine did otherwise than AWS."""

    job_name: str
    image: str
    channels: list[ChannelReport] = field(default_factory=list)
    not_honoured: list[str] = field(default_factory=list)
