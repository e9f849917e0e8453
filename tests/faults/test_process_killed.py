"""`penstock run` is killed in its later steps; of those before them tells test_up_killed.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.scenario.progress import STEPS, STEPS_INTO_SERVICE, steps_of
from tests.faults.remains import Remains
from tests.runs.conftest import penstock_in, project
from tests.runs.up_process import relatives
from tests.waiting import eventually

pytestmark = [
    pytest.mark.offline,
    pytest.mark.runtime,
    pytest.mark.xdist_group("process-killed"),
]


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    return Remains(project(tmp_path_factory.mktemp("project")))


@pytest.mark.parametrize("step", [step for step in STEPS if step not in STEPS_INTO_SERVICE])
def test_a_run_ends_with_its_process(remains: Remains, step: str) -> None:
    left = remains.folders()
    pipeline = "digits" if step in steps_of(is_scored=False) else "anomaly"
    killed = subprocess.Popen(
        [Path(sys.prefix, "bin", "penstock"), "run", pipeline, "--fault", f"process-killed={step}"],
        cwd=remains.folder,
        env={**os.environ, "TMPDIR": str(remains.temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: len(relatives(remains.temporary)) > 1, seconds=60)
    out, errors = killed.communicate(timeout=400)

    assert killed.returncode == -signal.SIGKILL
    assert f"fault process-killed={step}: SIGKILL in step {step} (1 time)" in out
    assert "On AWS: " in out
    remains.of_the_killed()
    remains.are_removed(left, errors.splitlines())


def test_the_run_after_them_all_is_whole(remains: Remains) -> None:
    left = remains.folders()
    done = penstock_in(remains.folder)("run", "digits", TMPDIR=str(remains.temporary))
    assert done.code == 0, done.out + done.err
    assert all(step["status"] == "succeeded" for step in done.report["steps"])
    remains.are_removed(left, done.err.splitlines())
    assert list(remains.temporary.iterdir()) == []
    assert relatives(remains.temporary) == []
