"""The closing lines of a run: what they say of each part of the report, and without it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from penstock.cli.display import Display, summary
from penstock.scenario.progress import Step

REPORT: dict[str, Any] = {
    "pipeline": "digits",
    "status": "succeeded",
    "reason": None,
    "failed_step": None,
    "seconds": 12.34,
    "records": None,
    "metrics": {},
    "monitor": None,
    "retraining": None,
    "model": {},
    "ledger": None,
    "faults": [],
    "access": None,
}
RETRAINING = {
    "cause": "alarm",
    "metric": "accuracy",
    "value": 0.97,
    "serving_value": 0.95,
    "registered": True,
}


def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def shown(folder: Path, **parts: Any) -> list[str]:
    output = console()
    summary({**REPORT, **parts}, output, folder)
    assert isinstance(output.file, io.StringIO)
    return output.file.getvalue().splitlines()


def test_a_run_that_failed_early_says_where_and_why(tmp_path: Path) -> None:
    lines = shown(tmp_path, status="failed", failed_step="deploy", reason="no room")
    assert lines[:2] == ["digits: failed in 12.3 s", "step deploy: no room"]
    assert lines[2].startswith("report: ")
    assert len(lines) == 3


def test_each_denial_is_told_in_a_line(tmp_path: Path) -> None:
    access = {"allowed": 7, "denied": 2, "denied_lines": ["role a may not s3:GetObject"]}
    lines = shown(tmp_path, access=access)
    assert "access: allowed to roles and services 7 times, denied 2" in lines
    assert "  role a may not s3:GetObject" in lines


def test_a_run_without_an_endpoint_says_in_one_line_what_to_do(tmp_path: Path) -> None:
    line = "serving of digits-dev is switched off, so there is no endpoint to ask: start it " * 3
    assert line in shown(tmp_path, not_served=line)


def test_the_record_account_adds_up_and_ten_failures_are_shown(tmp_path: Path) -> None:
    records = {
        "sent": 20,
        "delivered": 8,
        "dropped": 1,
        "failed": {"source": 0, "transform": 10, "conversion": 1},
        "unique": 7,
        "failures": [{"where": "transform", "reason": f"reason {n}"} for n in range(11)],
    }
    _, account, *failures, _ = shown(tmp_path, records=records)
    assert account == (
        "records: 20 sent = 8 delivered + 1 dropped + 11 failed "
        "(source 0, transform 10, conversion 1); 7 unique"
    )
    assert failures == [f"  transform: reason {n}" for n in range(10)]


def test_each_batch_of_the_monitor_has_its_line(tmp_path: Path) -> None:
    reference = {"what": "held-out rows", "rows": 176, "violations": 0, "features": []}
    drifted = {"rows": 175, "violations": 44, "features": ["a", "b"]}
    drifted |= {"what": "the same rows inverted"}
    monitor = {"reference_batch": reference, "drifted_batch": drifted, "alarm": "ALARM"}
    assert shown(tmp_path, monitor=monitor)[1:-1] == [
        "monitor: held-out rows: 0 violations in 176",
        "monitor: the same rows inverted: 44 violations in 175, 2 features; alarm ALARM",
    ]
    assert shown(tmp_path, monitor={"alarm": "OK", "reference_batch": reference})[1:-1] == [
        "monitor: held-out rows: 0 violations in 176"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "0.9700 against 0.9500 of the model in service, on the same test ids: registered",
        ),
        (
            {"value": 0.94, "registered": False},
            "0.9400 against 0.9500 of the model in service, on the same test ids: "
            "not better, not registered",
        ),
        ({"serving_value": None}, "0.9700 not compared with the model in service: registered"),
        (
            {"value": None, "serving_value": None},
            "not judged, for want of labels, not compared with the model in service: registered",
        ),
    ],
)
def test_a_training_again_says_what_it_was_compared_with(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    line = shown(tmp_path, retraining={**RETRAINING, **changes})[1]
    assert line == f"trained again (alarm): accuracy {said}"


def test_each_substitution_is_told(tmp_path: Path) -> None:
    entry = {"resource": "a/Job", "type": "AWS::Glue::Job", "by": "Spark"}
    ledger = {"live": 3, "api_only": 2, "substituted": [entry]}
    assert shown(tmp_path, ledger=ledger)[1:-1] == [
        "ledger: 3 resources live, 2 api-only, 1 substituted",
        "  a/Job (AWS::Glue::Job): Spark",
    ]


def test_without_a_terminal_each_step_is_a_line_when_it_ends() -> None:
    output = console()
    with Display("digits", output, ("train", "serve")) as display:
        for status in ("running", "running", "succeeded"):
            display.changed(Step("train", status, 2.5, "a job"))
        display.changed(Step("serve", "failed", 0.1, "no model"))
    assert isinstance(output.file, io.StringIO)
    assert output.file.getvalue().splitlines() == [
        "digits",
        "✔ train       2.5 s  a job",
        "✘ serve       0.1 s  no model",
    ]


ANOMALY = {
    "series": 4,
    "points": 960,
    "alerts": 15,
    "windows": {"labelled": 3, "hit": 2},
    "scored_records": 912,
    "dead_letters": 2,
    "false_alerts": 5,
}


def test_a_scored_stream_has_two_lines(tmp_path: Path) -> None:
    assert shown(tmp_path, anomaly=ANOMALY, metrics={"test:f1": 0.5714})[1:-1] == [
        "test:f1: 0.5714",
        "anomaly: 4 series, 960 points: 912 scored, 15 alerts, 2 dead letters",
        "anomaly: 2 of 3 labelled windows hit, 5 alerts outside of them",
    ]
    assert shown(tmp_path, anomaly={**ANOMALY, "windows": None, "false_alerts": None})[2] == (
        "anomaly: nothing was labelled to judge the alerts by"
    )


def test_a_model_that_answers_scores_has_no_line_of_accuracy(tmp_path: Path) -> None:
    lines = shown(tmp_path, anomaly=None, metrics={"endpoint_accuracy": None})
    assert len(lines) == 2


def test_each_fault_has_its_line(tmp_path: Path) -> None:
    faults = [{"line": "s3-slow-down=0.1: it did not happen: why"}, {"line": "hot-shard=1: so"}]
    lines = shown(tmp_path, faults=faults)
    assert lines[1:3] == [
        "fault s3-slow-down=0.1: it did not happen: why",
        "fault hot-shard=1: so",
    ]
