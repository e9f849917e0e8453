"""The fault process-killed: which step, and when within it."""

from __future__ import annotations

import pytest

from penstock.cli.errors import UsageError
from penstock.cli.faults import checked
from penstock.cli.killed import NAME, KilledWithin, watched
from penstock.localcloud.faults.faults import Faults
from penstock.scenario.progress import STEPS, STEPS_INTO_SERVICE, Step, Timeline


class Somebody:
    """Writes down what happens, the end of the command too."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def changed(self, step: Step) -> None:
        self.seen.append(f"{step.name} {step.status}")

    def end(self) -> None:
        self.seen.append("killed")


def test_a_run_without_that_fault_is_watched_as_ever() -> None:
    somebody = Somebody()
    assert watched(somebody, ["monitor-fails=2"]) is somebody
    assert watched(somebody, ["process-killed=gate"]) is not somebody


@pytest.mark.parametrize("place", STEPS)
def test_a_step_that_is_over_sooner_kills_at_its_end_before_the_next_one(place: str) -> None:
    somebody = Somebody()
    faults = Faults.chosen([f"{NAME}={place}"])
    timeline = Timeline(KilledWithin(somebody, faults, somebody.end), STEPS)
    for step in STEPS:
        with timeline.step(step):
            pass
    killed = somebody.seen.index("killed")
    assert somebody.seen[killed - 2 : killed] == [f"{place} running", f"{place} succeeded"]


def test_a_step_that_there_is_not_is_refused_with_all_there_are() -> None:
    with pytest.raises(UsageError, match=r"'trian' is not one of synth, deploy, .*, retrain"):
        checked(["process-killed=trian"], on="local")
    assert checked(["process-killed"], on="local") == ["process-killed"]


def test_a_command_has_no_steps_but_those_of_its_list() -> None:
    with pytest.raises(KeyError):
        Timeline(Somebody(), STEPS_INTO_SERVICE).begin("score")
