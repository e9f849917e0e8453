"""report.json is there whatever happened, `latest` is the newest run, failure is exit code 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from penstock.cli import main
from penstock.cli.offline_run import OfflineRun
from penstock.scenario.aws import StepFailedError

NAMES = {
    "pipeline",
    "status",
    "seconds",
    "steps",
    "records",
    "training",
    "metrics",
    "endpoint",
    "ledger",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for runs/."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def latest() -> dict[str, object]:
    found: dict[str, object] = json.loads(Path("runs/digits/latest/report.json").read_text())
    return found


def test_a_run_that_fails_has_its_report_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: OfflineRun) -> None:
        with run.timeline.step("synth"):
            raise StepFailedError("no room on the disk")

    monkeypatch.setattr(OfflineRun, "drive", fail)
    with pytest.raises(typer.Exit) as ended:
        main.run("digits", data=None, records=3, bad_records=0, json_file=Path("copy.json"))
    assert ended.value.exit_code == 1
    report = latest()
    assert set(report) >= NAMES
    assert (report["status"], report["failed_step"]) == ("failed", "synth")
    assert report["reason"] == "no room on the disk"
    assert json.loads(Path("copy.json").read_text()) == report


def test_a_run_that_breaks_off_in_a_way_nobody_foresaw_has_its_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(run: OfflineRun) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(OfflineRun, "drive", crash)
    with pytest.raises(KeyboardInterrupt):
        main.run("digits", data=None, records=3, bad_records=0, json_file=None)
    assert latest()["status"] == "failed"


def test_latest_is_the_newest_run_and_a_run_that_succeeds_ends_normally(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(run: OfflineRun) -> None:
        raise StepFailedError("first")

    monkeypatch.setattr(OfflineRun, "drive", fail)
    with pytest.raises(typer.Exit):
        main.run("digits", data=None, records=3, bad_records=0, json_file=None)
    monkeypatch.setattr(OfflineRun, "drive", lambda run: None)
    main.run("digits", data=None, records=3, bad_records=0, json_file=None)
    assert latest()["status"] == "succeeded"
    assert len([path for path in Path("runs/digits").iterdir() if not path.is_symlink()]) == 2
