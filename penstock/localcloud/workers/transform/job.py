"""What the transform worker needs to know of a job, and how it says what became of it."""

from __future__ import annotations

from typing import Any, Protocol


class TransformJob(Protocol):
    """A job as the API knows it. `request` is CreateTransformJob's own request."""

    name: str
    arn: str
    request: dict[str, Any]

    def started(self) -> None:
        """TransformStartTime: the instances are there."""

    def finish(self, status: str, *, failure_reason: str = "") -> None:
        """Completed, Failed or Stopped, with TransformEndTime."""
