"""report.json is there whatever happened, `latest` is the newest run, failure is exit code 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from penstock.cli import main
from penstock.cli.offline_run import OfflineRun
from penstock.cli.report import build
from penstock.scenario.aws import StepFailedError
from penstock.scenario.progress import Step, Timeline

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


class Nobody:
    def changed(self, step: Step) -> None:
        """Nobody watches."""


def test_a_fault_that_never_happened_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    met = {"name": "kinesis-throttling", "value": 0.2, "line": "..."}

    def drive(run: OfflineRun) -> None:
        assert run.faults == ["kinesis-throttling"]
        run.faults_met = [{**met, "happened": happened}]

    monkeypatch.setattr(OfflineRun, "drive", drive)
    happened = 1
    main.run("digits", records=3, fault=["kinesis-throttling"])
    assert latest()["faults"] == [{**met, "happened": 1}]
    happened = 0
    with pytest.raises(typer.Exit) as ended:
        main.run("digits", records=3, fault=["kinesis-throttling"])
    assert ended.value.exit_code == 1
    assert latest()["status"] == "succeeded"


def test_times_in_the_report_count_from_the_beginning_of_the_run() -> None:
    timeline = Timeline(Nobody())
    with timeline.step("alarm"):
        timeline.note("alarm", "OK -> ALARM", "2 violations")
    report = build(
        pipeline="digits",
        status="failed",
        reason=None,
        seconds=1,
        timeline=timeline,
        findings={},
        ledger=None,
        faults=[],
        access=None,
    )
    (event,) = report["events"]
    assert 0 <= event.pop("at_seconds") < 1
    assert event == {"kind": "alarm", "what": "OK -> ALARM", "detail": "2 violations"}
    started = {step["name"]: step["started_seconds"] for step in report["steps"]}
    assert 0 <= started.pop("alarm") < 1
    assert set(started.values()) == {None}


def test_the_scored_stream_is_in_the_report_and_null_without_one() -> None:
    def built(findings: dict[str, object]) -> object:
        return build(
            pipeline="anomaly",
            status="succeeded",
            reason=None,
            seconds=1,
            timeline=Timeline(Nobody()),
            findings=findings,
            ledger=None,
            faults=[],
            access=None,
        )["anomaly"]

    assert built({}) is None
    assert built({"anomaly": {"series": 2}}) == {"series": 2}
