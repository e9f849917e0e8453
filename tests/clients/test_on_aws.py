"""`penstock run digits --on aws`, with an empty deployed stage of `penstock up` in AWS's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.conftest import project
from tests.runs.up_process import Up

PENSTOCK = Path(sys.prefix, "bin", "penstock")


@pytest.fixture
def account(environment: Path, tmp_path: Path) -> Iterator[Up]:
    """Nothing but the stacks: no record, no model."""
    folder = project(tmp_path)
    subprocess.run([PENSTOCK, "synth", "digits"], cwd=folder, check=True, capture_output=True)
    running = Up(folder, "--assembly", "cdk.out")
    yield running
    if running.process.poll() is None:
        running.process.kill()


def test_the_whole_run_in_real_time_by_aws_apis_alone(account: Up, tmp_path: Path) -> None:
    done = subprocess.run(
        [PENSTOCK, "run", "digits", "--on", "aws"],
        cwd=tmp_path,
        env={**os.environ, **account.environment},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "runs/digits/latest/report.json").read_text())
    status = {step["name"]: step["status"] for step in report["steps"]}
    assert status.pop("synth") == status.pop("deploy") == "skipped"
    assert set(status.values()) == {"succeeded"}
    records = report["records"]
    assert records["sent"] == 1822
    assert records["sent"] == records["delivered"] + sum(records["failed"].values())
    assert report["monitor"]["reference_batch"]["violations"] == 0
    assert report["monitor"]["drifted_batch"]["violations"] > 30
    assert report["retraining"]["registered"] is True
    assert report["ledger"] is None  # nothing stood in for anything, as far as it can know
    assert (tmp_path / "runs/digits/latest/monitor/drifted/constraint_violations.json").is_file()
    assert account.end(signal.SIGINT) == 0
    assert account.left_behind() == []
