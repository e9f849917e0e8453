"""Folders as whole runs leave them: a run of digits, and one that scores a stream."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from penstock.monitor import Baseline, Profile, check

_STEPS = (
    # name, started at second, seconds
    ("synth", 0.0, 9.5),
    ("deploy", 9.5, 4.6),
    ("ingest", 14.1, 1.5),
    ("prepare", 15.6, 13.5),
    ("train", 29.1, 2.7),
    ("gate", 31.8, 0.005),
    ("register", 31.8, 0.03),
    ("baseline", 31.9, 9.8),
    ("serve", 41.7, 0.9),
    ("invoke", 42.6, 0.7),
    ("capture", 43.3, 0.4),
    ("monitor", 43.7, 19.2),
    ("alarm", 62.9, 0.3),
    ("retrain", 63.2, 28.4),
)
REASONS = (
    "the record is not JSON: Expecting ',' delimiter: line 1 column 192 (char 191)",
    "field 'pixels' is missing",
    "field 'pixels' must be an array, not string",
    "field 'label' must be at most 9, not 10",
    "field 'pixels' must have 64 items, not 65",
    "the record is empty",
    "the record has 8193 bytes, more than 8192",
)


def whole_report() -> dict[str, Any]:
    """report.json of a run in which everything happened."""
    wrong = {(1, 8): 1, (3, 9): 2, (4, 6): 1, (8, 1): 3, (9, 5): 1}
    counts = [
        [wrong.get((true, answered), 27 if true == answered else 0) for answered in range(10)]
        for true in range(10)
    ]
    return {
        "pipeline": "digits",
        "status": "succeeded",
        "seconds": 91.84,
        "steps": [
            {"name": name, "status": "succeeded", "seconds": seconds, "started_seconds": started}
            for name, started, seconds in _STEPS
        ],
        "records": {
            "sent": 1822,
            "delivered": 1815,
            "dropped": 0,
            "failed": {"source": 0, "transform": 7, "conversion": 0},
            "unique": 1797,
            "failures": [
                {"where": "transform", "sha256": f"{place:064x}", "code": "", "reason": reason}
                for place, reason in enumerate(REASONS)
            ],
        },
        "training": {
            "job_name": "digits-dev-e89614c50f01bfc8c892d0a034919f87-0",
            "algorithm": "linear-learner",
            "channels": {
                "train": {"records": 880, "bytes": 267520, "parts": 2},
                "validation": {"records": 189, "bytes": 57456, "parts": 1},
                "test": {"records": 188, "bytes": 57152, "parts": 1},
            },
            "learning_curve": [
                {
                    "epoch": epoch,
                    "metrics": {
                        "train:objective_loss": 0.02 + 0.7 / epoch**1.1,
                        "train:multiclass_accuracy": 0.995 - 0.12 / epoch,
                        "validation:objective_loss": 0.11 + 0.6 / epoch**1.1,
                        "validation:multiclass_accuracy": 0.965 - 0.11 / epoch,
                    },
                }
                for epoch in range(1, 16)
            ],
        },
        "metrics": {"test:multiclass_accuracy": 0.9713, "endpoint_accuracy": 0.9713},
        "endpoint": {
            "name": "digits-dev",
            "invocations": 12,
            "rows": 278,
            "captured": 24,
            "confusion": {"labels": [str(label) for label in range(10)], "counts": counts},
        },
        "monitor": {
            "baseline": "monitor/baseline",
            "reference_batch": {"rows": 279, "violations": 0, "report": "monitor/reference"},
            "drifted_batch": {
                "rows": 279,
                "violations": 48,
                "features": 48,
                "report": "monitor/drifted",
            },
            "alarm": "ALARM",
            "retrained": True,
        },
        "events": [
            event(53.1, "alarm", "INSUFFICIENT_DATA -> OK", "0 violations in the reference batch"),
            event(62.9, "alarm", "OK -> ALARM", "48 violations, 1 or more raise the alarm"),
            event(63.1, "retrain", "nothing started", "the lake has nothing newer"),
            event(65.0, "alarm", "ALARM -> OK", "a check found the held-out rows as they were"),
            event(66.0, "alarm", "OK -> ALARM", "48 violations, 1 or more raise the alarm"),
            event(66.2, "retrain", "retrain-2026-11-22-1", "540 newer records, none running"),
            event(90.5, "model", "registered", "0.9785 beats 0.9713"),
        ],
        "retraining": {
            "cause": "alarm",
            "job_name": "digits-dev-0c1f-1",
            "metric": "test:multiclass_accuracy",
            "value": 0.9785,
            "serving_value": 0.9713,
            "registered": True,
            "model_package_arn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/d/2",
        },
        "ledger": {
            "live": 1,
            "api_only": 1,
            "substituted": [
                {
                    "resource": "digits-dev-training/PrepareJob402E3D3A",
                    "type": "AWS::Glue::Job",
                    "by": "Apache Spark 3.5.6 on this machine",
                }
            ],
            "entries": [
                entry("lake/Bucket", "AWS::S3::Bucket", "live", "nothing expires here"),
                entry("lake/Key", "AWS::KMS::Key", "api_only"),
                entry("digits-dev-training/PrepareJob402E3D3A", "AWS::Glue::Job", "substituted"),
            ],
        },
        "model": {"artifact": "s3://artifacts/model.tar.gz", "copy": "model.tar.gz"},
        "failed_step": None,
        "reason": None,
    }


def event(at_seconds: float, kind: str, what: str, detail: str) -> dict[str, Any]:
    """One of the report's events."""
    return {"at_seconds": at_seconds, "kind": kind, "what": what, "detail": detail}


def entry(resource: str, type_: str, life: str, *notes: str) -> dict[str, Any]:
    """One of the ledger's entries."""
    return {"resource": resource, "type": type_, "life": life, "by": "", "notes": list(notes)}


def write_run(folder: Path) -> None:
    """The monitor's files about the real images, as they are and inverted, and two logs."""
    from sklearn.datasets import load_digits

    images = load_digits().data
    baseline = Baseline.of(profile(images[:880]))
    write(folder / "monitor/baseline", baseline.files())
    for name, rows in (("reference", images[1000:1279]), ("drifted", 16 - images[1000:1279])):
        write(folder / "monitor" / name, check(profile(rows), baseline).files())
    write(
        folder / "logs/aws_sagemaker_TrainingJobs",
        {"digits-dev_algo-1.log": b"2026-11-22T05:57:46.517+00:00 epochs=15\n"},
    )
    write(folder / "logs/aws-glue_jobs_digits-dev_error", {"a#b c.log": b"2026 nothing wrong\n"})
    (folder / "report.json").write_text("{}\n")


def profile(rows: np.ndarray[Any, np.dtype[np.float64]]) -> Profile:
    """Of rows of pixels."""
    columns = {f"pixels_{place}": rows[:, place].astype(int) for place in range(rows.shape[1])}
    return Profile.of([pa.RecordBatch.from_pydict(columns)])


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def scored_report() -> dict[str, Any]:
    """report.json of a run that scored the series of `write_anomaly`; nothing watched it."""
    report = whole_report()
    steps = ("synth", "deploy", "ingest", "prepare", "train", "gate", "register", "serve", "invoke")
    report.update(
        pipeline="anomaly",
        steps=[
            *[step for step in report["steps"] if step["name"] in steps],
            {"name": "score", "status": "succeeded", "seconds": 41.0, "started_seconds": 43.3},
        ],
        training={
            "job_name": "anomaly-dev-e89614c50f01bfc8c892d0a034919f87-0",
            "algorithm": "randomcutforest",
            "channels": {"train": {"records": 1440, "bytes": 267520, "parts": 2}},
            "learning_curve": [],
        },
        metrics={"test:f1": 0.5714},
        endpoint={
            "name": "anomaly-dev",
            "invocations": 4,
            "rows": 120,
            "captured": None,
            "confusion": None,
            "mean_score": 0.9312,
        },
        anomaly={
            "series": 4,
            "points": 960,
            "alerts": 15,
            "windows": {"labelled": 3, "hit": 2},
            "scored_records": 912,
            "dead_letters": 2,
            "skipped": {"window_not_full": 44, "gap": 4, "same_place": 0},
            "told_again": 3,
            "false_alerts": 5,
            "threshold": 1.5,
            "by_series": [
                scored("cpu/web-1", alerts=11, labelled=3, hit=2),
                scored("cpu/web-2"),
                scored("bytes/db-1"),
                scored("requests/lb-1", alerts=4),
            ],
        },
        monitor=None,
        retraining=None,
        events=[],
    )
    return report


def scored(name: str, alerts: int = 0, labelled: int = 0, hit: int = 0) -> dict[str, Any]:
    """One of the entries of by_series."""
    counts = {"alerts": alerts, "labelled": labelled, "hit": hit}
    return {"name": name, "points": 240, "scored": 228, **counts}


def write_anomaly(folder: Path, points: int = 600) -> None:
    """anomaly.json of four series, one point each five minutes, the last 40 % of them scored.

    cpu/web-1 has a window in the trained part, two that were caught and one that was not, and one
    alert outside; cpu/web-2 only a window in the trained part; bytes/db-1 nothing at all;
    requests/lb-1 four alerts and no window.
    """
    web = series("cpu/web-1", points, seed=1)
    stretch(web, 0.2, 0.22, by=40.0, hit=None)
    stretch(web, 0.65, 0.68, by=60.0, hit=True, alerts=5)
    stretch(web, 0.75, 0.78, by=0.5, hit=False)
    stretch(web, 0.9, 0.93, by=-30.0, hit=True, alerts=5)
    stretch(web, 0.84, 0.842, by=25.0, alerts=1)
    other = series("cpu/web-2", points, seed=2)
    stretch(other, 0.4, 0.45, by=30.0, hit=None)
    requests = series("requests/lb-1", points, seed=4)
    stretch(requests, 0.7, 0.71, by=45.0, alerts=4)
    document = {
        "threshold": 1.5,
        "live_from_percent": 60,
        "series": [web, other, series("bytes/db-1", points, seed=3, size=2.5e6), requests],
    }
    (folder / "anomaly.json").write_text(json.dumps(document))


def series(name: str, points: int, seed: int, size: float = 1.0) -> dict[str, Any]:
    """Days and nights with noise, without any alert."""
    chance = np.random.default_rng(seed)
    start = datetime(2026, 4, 10, tzinfo=UTC)
    live = int(points * 0.6)
    day = np.sin(np.arange(points) / points * 14 * np.pi)
    values = size * (40 + 8 * day + chance.normal(0, 1.5, points))
    times = [(start + timedelta(minutes=5 * place)).isoformat() for place in range(points)]
    scores = np.abs(chance.normal(0.9, 0.12, points))
    return {
        "name": name,
        "times": times,
        "values": values.round(3).tolist(),
        "scores": [None] * live + scores[live:].round(4).tolist(),
        "alerts": [],
        "windows": [],
        "live_from": times[live],
    }


def stretch(
    of: dict[str, Any], first: float, last: float, by: float, alerts: int = 0, **label: bool | None
) -> None:
    """Values between two shares of the series are another; with `hit` it is a labelled window."""
    start, end = (int(share * len(of["times"])) for share in (first, last))
    for place in range(start, end + 1):
        of["values"][place] += by
    for place in range(start, start + alerts):
        of["scores"][place] = 1.6 + 0.3 * (place - start)
        of["alerts"].append(place)
    if "hit" in label:
        window = {"from": of["times"][start], "to": of["times"][end], "hit": label["hit"]}
        of["windows"].append(window)
