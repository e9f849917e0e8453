"""`penstock run anomaly` without a network: what it must show, read from its report."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.runs.conftest import Done, Penstock

pytest.importorskip("pipelines.anomaly")
pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("anomaly-run")]

STEPS = [
    *("synth", "deploy", "ingest", "prepare", "train", "gate", "register"),
    *("baseline", "serve", "invoke", "score", "capture", "monitor", "alarm", "retrain"),
]
RECORDS = 6000
BROKEN = 7
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "", "NO_PROXY": ""}


@pytest.fixture(scope="module")
def run(penstock: Penstock, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The temperatures' first points: spikes lie before and behind the first 60 % of them."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return penstock("run", "anomaly", "--records", str(RECORDS), XDG_CACHE_HOME=cache, **NO_NETWORK)


@pytest.fixture(scope="module")
def report(run: Done) -> dict[str, Any]:
    assert run.code == 0, run.out + run.err
    return run.report


def test_the_first_line_says_what_stands_in_for_the_data_set_and_why(run: Done) -> None:
    first = run.out.splitlines()[0]
    assert first.startswith("penstock run anomaly: 6067 records from temperatures of Seattle and")
    assert "(vega_datasets) with 16 spikes put in" in first
    assert "cannot be downloaded: raw.githubusercontent.com" in first


def test_every_step_succeeds(report: dict[str, Any]) -> None:
    assert report["status"] == "succeeded"
    assert [step["name"] for step in report["steps"]] == STEPS
    assert {step["status"] for step in report["steps"]} == {"succeeded"}


def test_every_record_is_accounted_for(report: dict[str, Any]) -> None:
    records = report["records"]
    failed = {"source": 0, "transform": BROKEN, "conversion": 0}
    assert records["failed"] == failed
    assert records["sent"] == records["delivered"] + records["dropped"] + BROKEN
    assert records["unique"] == RECORDS


def test_every_point_of_the_replay_is_scored_once_and_what_is_broken_is_a_dead_letter(
    run: Done, report: dict[str, Any]
) -> None:
    anomaly = report["anomaly"]
    assert anomaly["series"] == 2
    assert 0.35 * RECORDS < anomaly["points"] < 0.4 * RECORDS
    assert anomaly["scored_records"] + sum(anomaly["skipped"].values()) == anomaly["points"]
    assert anomaly["skipped"] == {}
    assert anomaly["told_again"] == 0
    assert anomaly["dead_letters"] == BROKEN
    for name, curve in drawn(run).items():
        live = [score for score in curve["scores"] if score is not None]
        trained_on = curve["scores"][: len(curve["scores"]) - len(live)]
        assert set(trained_on) == {None}, name
        assert all(math.isfinite(score) for score in live)


def drawn(run: Done) -> dict[str, Any]:
    """The curves of anomaly.json by series."""
    drawing = json.loads((run.latest / "anomaly.json").read_text())
    return {curve["name"]: curve for curve in drawing["series"]}


def test_the_spikes_behind_the_training_data_are_caught_and_nothing_else(
    run: Done, report: dict[str, Any]
) -> None:
    anomaly = report["anomaly"]
    assert anomaly["windows"] == {"labelled": 2, "hit": 2}
    assert anomaly["false_alerts"] == 0
    assert 2 <= anomaly["alerts"] <= 30
    for curve in drawn(run).values():
        (window,) = [window for window in curve["windows"] if window["hit"] is not None]
        alerted = [curve["times"][place] for place in curve["alerts"]]
        assert alerted
        assert all(window["from"] <= time <= window["to"] for time in alerted)


def test_the_forest_is_judged_by_labels_it_never_saw(report: dict[str, Any]) -> None:
    assert report["training"]["algorithm"] == "randomcutforest"
    assert report["training"]["input_mode"] == "Pipe"
    channels = report["training"]["channels"]
    assert set(channels) == {"train", "test"}
    assert channels["train"]["parts"] == 2  # one for each host
    assert report["metrics"]["test:f1"] > 0.1
    assert report["endpoint"]["confusion"] is None
    assert report["endpoint"]["mean_score"] > 0


def test_the_monitor_sees_the_drift_and_newer_points_are_trained_on_at_once(
    report: dict[str, Any],
) -> None:
    monitor = report["monitor"]
    assert monitor["reference_batch"]["rows"] > 100
    assert monitor["drifted_batch"]["violations"] >= 1
    assert (monitor["alarm"], monitor["retrained"]) == ("ALARM", True)
    assert report["retraining"]["registered"] is True
    assert report["retraining"]["model_package_arn"].endswith("/2")


def test_the_ledger_and_the_page_have_the_scored_stream(run: Done, report: dict[str, Any]) -> None:
    live = {entry["type"] for entry in report["ledger"]["entries"] if entry["life"] == "live"}
    expected = {"Kinesis::Stream", "DynamoDB::Table", "SQS::Queue", "Lambda::EventSourceMapping"}
    assert {f"AWS::{name}" for name in expected} <= live
    by = {entry["resource"]: entry["by"] for entry in report["ledger"]["substituted"]}
    assert any("randomcutforest" in resource and "rcf3" in by[resource] for resource in by)
    page = (run.latest / "report.html").read_text().replace("\u00a0", " ")
    assert "2 of 2 labelled windows were caught" in page
    assert "<svg" in page


@pytest.fixture(scope="module")
def unlabelled(penstock: Penstock, run: Done, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One series of a user's own, a point a minute, which nobody has labelled."""
    path = tmp_path_factory.mktemp("data") / "web-1.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["timestamp", "value"], *minutes(range(900))])
    return penstock("run", "anomaly", "--data", str(path), "--bad-records", "0")


def minutes(numbers: Sequence[int]) -> list[list[str]]:
    """A quick wave with a spike at its 700th minute."""
    return [
        [
            f"2026-11-22 {number // 60:02d}:{number % 60:02d}:00",
            f"{50 + 5 * math.sin(number / 5) + (60 if number == 700 else 0):.3f}",
        ]
        for number in numbers
    ]


def test_without_labels_a_model_is_served_unjudged_and_the_spike_is_alerted_of(
    unlabelled: Done,
) -> None:
    assert unlabelled.code == 0, unlabelled.out + unlabelled.err
    report = unlabelled.report
    assert unlabelled.out.splitlines()[0].startswith("penstock run anomaly: 909 records from ")
    assert "not judged: no anomaly is labelled in the test data" in unlabelled.out
    assert set(report["training"]["channels"]) == {"train"}
    assert "test:f1" not in report["metrics"]
    anomaly = report["anomaly"]
    assert (anomaly["windows"], anomaly["false_alerts"]) == (None, None)
    assert (anomaly["points"], anomaly["scored_records"]) == (355, 355)
    curve = drawn(unlabelled)["web-1"]
    assert "2026-11-22T11:40:00Z" in [curve["times"][place] for place in curve["alerts"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("timestamp,value\n2026-11-22 00:00:00,high\n", "'high' is not a number"),
        ("timestamp,value\nyesterday,1\n", "'yesterday' is not an ISO 8601 time"),
        ("time,value\n2026-11-22 00:00:00,1\n", "timestamp"),
        ("", "no column timestamp"),
    ],
)
def test_wrong_data_is_refused_in_one_line(
    penstock: Penstock, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "series.csv"
    path.write_text(content)
    done = penstock("run", "anomaly", "--data", str(path))
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert str(path) in done.err
    assert said in done.err
