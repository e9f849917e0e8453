"""What is to go wrong in one training job, by the faults that were chosen, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.localcloud.engines.container import trouble
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.training.failure import KILLED
from penstock.localcloud.workers.training.host import Host

EXITS, KILLED_FOR_MEMORY, HANGS = "training-exits", "training-out-of-memory", "training-hangs"
INTERRUPTION = "spot-interruption"
_OF_THE_PROGRAM = {
    EXITS: trouble.EXITS,
    KILLED_FOR_MEMORY: trouble.KILLED,
    HANGS: trouble.HANGS,
}


class JobTrouble:
    """Of the faults that a program has only one comes to a job: the first that is due."""

    def __init__(self, faults: Faults, job_name: str, request: dict[str, Any]) -> None:
        self._faults = faults
        self._job = job_name
        self._is_spot = bool(request.get("EnableManagedSpotTraining"))
        self._fault, self._value = "", 0.0
        self._has_asked = False
        self._said: set[str] = set()
        for name in _OF_THE_PROGRAM:
            value = faults.due(name)
            if value is not None:
                self._fault, self._value = name, value
                return

    @property
    def variables(self) -> dict[str, str]:
        """For the environment of the job's programs."""
        return {trouble.VARIABLE: _OF_THE_PROGRAM[self._fault]} if self._fault else {}

    def limit_seconds(self, asked_for: float) -> float:
        """MaxRuntimeInSeconds, or what it is taken for where the program will hang."""
        return min(asked_for, self._value) if self._fault == HANGS else asked_for

    def begins_anew(self) -> None:
        """Another attempt: its machines may be taken back as well."""
        self._has_asked = False

    def takes_machines_back(self, hosts: Sequence[Host]) -> bool:
        """Whether the spot machines are wanted back now: once their training is under way."""
        if not self._is_spot or self._has_asked or self._faults.value(INTERRUPTION) is None:
            return False
        if not any(host.is_under_way for host in hosts):
            return False
        self._has_asked = True
        if self._faults.due(INTERRUPTION) is None:
            return False
        self._say(INTERRUPTION, "the spot machines of a training job were taken back")
        return True

    def ended_with(self, code: int, failure: str) -> None:
        """A program ended with this exit code and failure file."""
        if self._fault == EXITS and trouble.TroubleError.__name__ in failure:
            self._say(EXITS, f"a training's container ended with exit code {code}")
        if self._fault == KILLED_FOR_MEMORY and code == KILLED:
            self._say(KILLED_FOR_MEMORY, "a training's container was killed with SIGKILL")

    def ran_too_long(self) -> None:
        """The job has reached its limit."""
        if self._fault == HANGS:
            self._say(HANGS, f"a training hung until its limit of {self._value:g} s")

    def job_ended(self, status: str, secondary_status: str, reason: str) -> None:
        """The job's last word, which is what came of it."""
        for name in self._said:
            said = f" ({reason})" if reason else ""
            self._faults.followed(name, f"{self._job} {status}/{secondary_status}{said}")

    def _say(self, name: str, detail: str) -> None:
        self._faults.happened(name, detail)
        self._said.add(name)
