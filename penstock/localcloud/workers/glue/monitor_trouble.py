"""Ends a check of the monitor as soon as it has begun, if that fault was chosen."""

from __future__ import annotations

import itertools

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.glue.program import Program
from penstock.localcloud.workers.glue.settings import RunSettings

NAME = "monitor-fails"
_CHECK = ("--purpose", "check")  # a baseline is made with another purpose


class MonitorTrouble:
    """What may become of one run."""

    def __init__(self, faults: Faults, settings: RunSettings) -> None:
        self._faults = faults
        self._job_name = settings.job_name
        is_check = _CHECK in itertools.pairwise(settings.script_arguments)
        self._is_due = is_check and faults.due(NAME) is not None

    def watch(self, program: Program) -> None:
        """The program has begun: end it, if it is due."""
        if self._is_due:
            program.stop()
            self._faults.happened(NAME, f"a check by {self._job_name} was killed")

    def ended(self, state: str, message: str) -> None:
        """The run's last word, which is what came of it."""
        if self._is_due:
            self._faults.followed(NAME, f"the run is {state} ({message})")
