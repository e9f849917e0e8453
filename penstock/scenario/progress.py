"""The steps of a run as they happen: names, status, seconds, and whoever watches them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from penstock.scenario.aws import StepFailedError

# to the first answer of an endpoint: what `penstock up` does before it waits for others
STEPS_INTO_SERVICE = (
    "synth",
    "deploy",
    "ingest",
    "prepare",
    "train",
    "gate",
    "register",
    "baseline",
    "serve",
    "invoke",
)
# all that there are: a timeline knows no others
STEPS = (*STEPS_INTO_SERVICE, "score", "capture", "monitor", "alarm", "retrain")
# what only a stage that scores its stream does
_SCORING_STEPS = ("score",)


def steps_of(*, is_scored: bool) -> tuple[str, ...]:
    """The steps of a run, in order."""
    return tuple(step for step in STEPS if is_scored or step not in _SCORING_STEPS)


@dataclass
class Step:
    """One step: status is pending, running, succeeded, failed or skipped."""

    name: str
    status: str = "pending"
    seconds: float = 0.0
    detail: str = ""
    started: float = 0.0


@dataclass(frozen=True)
class Happening:
    """Something that happened beside the steps; kind is alarm, retrain, model or monitor."""

    at_seconds: float
    kind: str
    what: str
    detail: str = ""


class Watcher(Protocol):
    """Shows the steps to somebody."""

    def changed(self, step: Step) -> None:
        """The step began, has news, or ended."""


class Timeline:
    """All steps of a run, in order."""

    def __init__(self, watcher: Watcher, steps: Sequence[str] = STEPS) -> None:
        self.steps = {name: Step(name) for name in steps}
        self.happenings: list[Happening] = []
        self._watcher = watcher
        self._began = time.monotonic()

    def started_seconds(self, name: str) -> float | None:
        """When the step began, since the timeline did; None if it has not."""
        started = self.steps[name].started
        return started - self._began if started else None

    def note(self, kind: str, what: str, detail: str = "") -> None:
        """Something happened just now."""
        self.happenings.append(Happening(time.monotonic() - self._began, kind, what, detail))

    def begin(self, name: str) -> None:
        """The step runs from now on (again, if it is retried)."""
        step = self.steps[name]
        if step.status == "running":
            return
        if step.status == "failed":
            step.detail = ""  # of the last try
        step.status, step.started = "running", time.monotonic()
        self._watcher.changed(step)

    def say(self, name: str, detail: str) -> None:
        """What the step is at, for those who watch."""
        step = self.steps[name]
        if step.detail != detail:
            step.detail = detail
            self._watcher.changed(step)

    def end(self, name: str, status: str, detail: str = "", seconds: float | None = None) -> None:
        """The step is over; `seconds` when the service's own clock knows better."""
        step = self.steps[name]
        if step.status == "running" and seconds is None:
            seconds = time.monotonic() - step.started
        step.status, step.seconds = status, seconds or 0.0
        step.detail = detail or step.detail
        self._watcher.changed(step)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run a block as the step `name`; any exception fails the step and goes on up."""
        self.begin(name)
        try:
            yield
        except BaseException as error:
            self.end(name, "failed", str(error) if isinstance(error, StepFailedError) else "")
            raise
        self.end(name, "succeeded")

    def fail(self, name: str, why: str, seconds: float | None = None) -> None:
        """The step failed, whether or not it had begun."""
        self.begin(name)
        self.end(name, "failed", why, seconds)

    def running(self) -> str | None:
        """The step that has begun and not ended."""
        return next((s.name for s in self.steps.values() if s.status == "running"), None)

    def skip(self, name: str, why: str) -> None:
        """The step has no part in this run."""
        self.end(name, "skipped", why)

    def skip_rest(self) -> None:
        """Steps that never began are skipped."""
        for step in self.steps.values():
            if step.status == "pending":
                step.status = "skipped"

    def failed_step(self) -> str | None:
        """The first step that failed."""
        return next((s.name for s in self.steps.values() if s.status == "failed"), None)
