"""`penstock up` is killed in each of its steps, and once it is up: nothing lives on."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from penstock.localcloud.assembly import read_assembly
from penstock.scenario.progress import STEPS_INTO_SERVICE
from tests.faults.remains import Remains
from tests.runs.conftest import ROOT, project
from tests.runs.up_process import Up
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("up-killed")]

# what runs for a step, where that is a program: the kill waits for it
PROGRAMS = {
    "synth": "jsii-runtime.js",
    "ingest": "bootstrap.py",
    "prepare": "java",
    "train": "linear_learner train",
    "baseline": "java",
    "serve": "linear_learner serve",
}


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    """Of a project whose records are delivered at once: in real time minutes would pass."""
    folder = project(tmp_path_factory.mktemp("project"))
    for part in ("app.py", "pipelines"):  # a program looks for modules beside its real file
        (folder / part).unlink()
    shutil.copy(ROOT / "app.py", folder)
    (folder / "wheels").symlink_to(ROOT / "wheels")
    shutil.copytree(ROOT / "pipelines", folder / "pipelines")
    digits = folder / "pipelines" / "digits.py"
    text = digits.read_text()
    assert text.count("buffer_seconds=60") == 1
    at_once = "buffer_seconds=1, transform_buffer_seconds=1"
    digits.write_text(text.replace("buffer_seconds=60", at_once))
    return Remains(folder)


@pytest.mark.parametrize("step", [*STEPS_INTO_SERVICE, "up"])
def test_what_is_kept_up_ends_with_its_process(remains: Remains, step: str) -> None:
    left = remains.folders()
    line = "in service" if step == "up" else f"{step} running"
    up = Up(remains.folder, "digits", "--record-rate", "20", until=line)
    program = PROGRAMS.get(step, "penstock up")
    eventually(lambda: [found for found in up.relatives() if program in found], seconds=120)

    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    remains.of_the_killed()
    remains.are_removed(left, up.lines)
    assert not up.port_is_open()


def test_so_does_what_is_killed_with_a_stack_in_the_making(
    remains: Remains, assembly: Path
) -> None:
    for stack in read_assembly(assembly).stacks:
        left = remains.folders()
        up = Up(remains.folder, "--assembly", str(assembly), until=f"{stack.name} started")
        assert up.relatives()
        assert up.end(signal.SIGKILL) == -signal.SIGKILL
        remains.of_the_killed()
        remains.are_removed(left, up.lines)


def test_the_start_after_them_all_is_clean(remains: Remains) -> None:
    remains.end()
