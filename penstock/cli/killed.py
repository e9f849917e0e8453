"""The fault process-killed: the command kills itself, in the middle of a step."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.faults.faults import Faults
from penstock.scenario.progress import STEPS, Step, Watcher

NAME = "process-killed"
_SECONDS = 1.0  # so that the step has begun to do something


class KilledWithin:
    """A watcher for another one, which notices when the step begins."""

    def __init__(self, watcher: Watcher, faults: Faults, end: Callable[[], None]) -> None:
        self._watcher = watcher
        self._faults = faults
        self._end = end
        self._due: str | None = None

    def changed(self, step: Step) -> None:
        """Hand it on, and have the end come soon if this is the step, at the latest with its end.

        The driver of the run is in here: no other step begins before this one returns.
        """
        self._watcher.changed(step)
        if step.status == "running" and self._faults.due_at(NAME, step.name):
            self._due = step.name
            self._faults.happened(NAME, f"SIGKILL in step {step.name}")
            self._faults.followed(NAME, "the next `penstock run` or `up` removes what is left")
            threading.Timer(_SECONDS, self._end).start()
        elif step.name == self._due and step.status != "running":
            self._end()


def check(chosen: Iterable[str]) -> None:
    """LocalCloudError if the command shall be killed in a step that there is not."""
    for wish in chosen:
        name, _, step = wish.partition("=")
        if name == NAME and step and step not in STEPS:
            raise LocalCloudError(f"fault {NAME}: {step!r} is not one of {', '.join(STEPS)}")


def watched(watcher: Watcher, chosen: Iterable[str]) -> Watcher:
    """The watcher itself if nothing of this kind was chosen."""
    wishes = [wish for wish in chosen if wish.partition("=")[0] == NAME]
    if not wishes:
        return watcher
    faults = Faults.chosen(wishes)

    def end() -> None:
        for entry in faults.entries():
            sys.stdout.write(f"fault {entry['line']}\n")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    return KilledWithin(watcher, faults, end)
