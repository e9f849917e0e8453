"""The command is killed with SIGKILL at any step: nothing lives on, and the next start is clean."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs.conftest import project
from tests.runs.up_process import Up, relatives
from tests.waiting import eventually

pytestmark = [
    pytest.mark.offline,
    pytest.mark.runtime,
    pytest.mark.xdist_group("process-killed"),
]

GONE_SECONDS = 5
# of `penstock up`: step -> the line that it begins with, and what runs for it by then; training
# and serving would come minutes later, when Firehose has waited in real time
UP_STEPS = {
    "synth": ("synthesizing", "jsii-runtime.js"),
    "deploy": ("digits-dev-foundation", ""),
    "ingest": ("ingest running", "bootstrap.py"),
}
# of `penstock run`, where time is skipped
RUN_STEPS = ["prepare", "train", "serve"]
TEMPLATE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


@pytest.mark.parametrize("step", UP_STEPS)
def test_what_is_kept_up_ends_with_its_process(tmp_path: Path, step: str) -> None:
    folder = project(tmp_path)
    line, program = UP_STEPS[step]
    up = Up(folder, "digits", until=line)
    eventually(lambda: [found for found in up.relatives() if program in found], seconds=120)

    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    is_left_clean(folder)


@pytest.mark.parametrize("step", RUN_STEPS)
def test_a_run_ends_with_its_process(tmp_path: Path, step: str) -> None:
    folder = project(tmp_path)
    temporary = folder / "tmp"
    temporary.mkdir()
    killed = subprocess.Popen(
        [Path(sys.prefix, "bin", "penstock"), "run", "digits", "--fault", f"process-killed={step}"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: relatives(temporary), seconds=60)
    out, _ = killed.communicate(timeout=240)

    assert killed.returncode == -signal.SIGKILL
    assert f"fault process-killed={step}: SIGKILL in step {step} (1 time)" in out
    assert "On AWS: " in out
    is_left_clean(folder)


def is_left_clean(folder: Path) -> None:
    """Of what was killed there nothing lives; the next start removes its folders and says so."""
    temporary = folder / "tmp"
    deadline = time.monotonic() + GONE_SECONDS
    while relatives(temporary) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert relatives(temporary) == []
    left = {path.name for path in temporary.iterdir()}
    assert left, "what was killed had no time to remove anything"
    assert all(name.startswith("penstock-") for name in left)

    again = Up(folder, "--assembly", small_assembly(folder))
    told = [text for text in again.lines if "left behind by a command that was killed" in text]
    assert len(told) == len(left)
    assert not left & {path.name for path in temporary.iterdir()}
    assert again.end(signal.SIGTERM) == 0
    assert again.left_behind() == []


def small_assembly(folder: Path) -> str:
    """One stack of one queue."""
    assembly = folder / "theirs"
    assembly.mkdir()
    (assembly / "theirs.json").write_text(json.dumps(TEMPLATE))
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "theirs.json", "stackName": "theirs"},
    }
    manifest = {"version": "55.0.0", "artifacts": {"theirs": artifact}}
    (assembly / "manifest.json").write_text(json.dumps(manifest))
    return assembly.name
