"""A whole run of digits in which those who steer it fail: it goes on, without false alarms."""

from __future__ import annotations

import pytest

from tests.runs.conftest import Done, Penstock, penstock_in, project

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("control-runs")]

FAULTS = ("monitor-fails=2", "state-machine-stopped=Prepare", "update-race=2")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    penstock: Penstock = penstock_in(project(tmp_path_factory.mktemp("project")))
    done = penstock("run", "digits", *(word for name in FAULTS for word in ("--fault", name)))
    assert done.code == 0, done.out + done.err
    return done


def line(done: Done, name: str) -> str:
    """What the fault says at the end; it has happened."""
    (fault,) = (fault for fault in done.report["faults"] if fault["name"] == name)
    assert fault["happened"] >= 1
    assert f"fault {fault['line']}" in done.out
    return str(fault["line"])


def happenings(done: Done, kind: str) -> list[tuple[str, str]]:
    return [(x["what"], x["detail"]) for x in done.report["events"] if x["kind"] == kind]


def test_a_stopped_training_is_started_again_and_trains_on_each_record_once(done: Done) -> None:
    said = line(done, "state-machine-stopped")
    assert "was stopped in state Prepare (1 time)" in said
    assert "the job of Prepare was stopped by .sync (1 time)" in said
    assert "the next execution SUCCEEDED (1 time)" in said
    begun = [detail for what, detail in happenings(done, "retrain") if what == "begun again"]
    assert begun == ["Stopped: somebody stopped it in state Prepare"]
    records = done.report["records"]
    failed = sum(records["failed"].values())
    assert records["sent"] == records["delivered"] + records["dropped"] + failed
    # the registry has the versions of the executions that ended well, and no other
    served = [detail for what, detail in happenings(done, "model") if what == "in service"]
    assert served[0] == "version 1"
    parts = done.report["training"]["channels"].values()
    assert sum(part["records"] for part in parts) <= records["unique"]


def test_an_update_that_meets_another_one_is_asked_for_until_it_begins(done: Done) -> None:
    said = line(done, "update-race")
    assert "digits-dev-serving was refused: UPDATE_IN_PROGRESS (2 times)" in said
    assert "it began when it was asked for again (1 time)" in said
    assert done.report["metrics"]["endpoint_accuracy"] >= 0.9


def test_checks_that_fail_set_nothing_off_and_the_next_one_works(done: Done) -> None:
    said = line(done, "monitor-fails")
    assert "was killed (2 times); then the run is FAILED" in said
    failed = happenings(done, "monitor")
    assert [what for what, _ in failed] == ["check failed"] * 2
    monitor = done.report["monitor"]
    # the check that came after both is the first that counts, and it found nothing
    assert monitor["reference_batch"]["violations"] == 0
    assert monitor["drifted_batch"]["violations"] > 0
    went_off = [x for x in done.report["events"] if x["what"] == "OK -> ALARM"]
    first_check = max(x["at_seconds"] for x in done.report["events"] if x["what"] == "check failed")
    assert went_off[0]["at_seconds"] > first_check
