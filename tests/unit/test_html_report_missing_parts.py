"""report.html of runs that did not get far, or whose pipeline has less: it is always there."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.html_report import write_html

REPORT: dict[str, Any] = {
    "pipeline": "digits",
    "status": "succeeded",
    "seconds": 12.5,
    "steps": [
        {"name": "train", "status": "succeeded", "seconds": 2.5, "started_seconds": 1.0},
        {"name": "serve", "status": "pending", "seconds": 0.0, "started_seconds": None},
    ],
    "records": {
        "sent": 1822,
        "delivered": 1815,
        "dropped": 0,
        "failed": {"source": 0, "transform": 7, "conversion": 0},
        "unique": 1797,
        "failures": [{"where": "transform", "code": "", "reason": "'label' is <b>missing"}],
    },
    "training": {
        "job_name": "job",
        "algorithm": "linear-learner",
        "channels": {"train": {"records": 880, "bytes": 267520, "parts": 2}},
        "learning_curve": [
            {"epoch": epoch, "metrics": {"train:loss": 1 / epoch, "validation:loss": 2 / epoch}}
            for epoch in (1, 2, 3)
        ],
    },
    "metrics": {"endpoint_accuracy": 0.9713},
    "endpoint": {
        "name": "digits-dev",
        "invocations": 2,
        "rows": 30,
        "captured": 2,
        "confusion": {"labels": ["0", "1"], "counts": [[14, 1], [0, 15]]},
    },
    "monitor": {
        "baseline": "monitor/baseline",
        "reference_batch": {"rows": 30, "violations": 0, "features": [], "report": "monitor/a"},
        "drifted_batch": {"rows": 30, "violations": 44, "features": ["x"], "report": "monitor/b"},
        "alarm": "ALARM",
        "retrained": True,
    },
    "events": [{"at_seconds": 3.0, "kind": "alarm", "what": "OK -> ALARM", "detail": "44"}],
    "retraining": {
        "cause": "alarm",
        "job_name": "job-2",
        "metric": "test:multiclass_accuracy",
        "value": 0.9785,
        "serving_value": 0.9570,
        "registered": True,
        "model_package_arn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/d/2",
    },
    "ledger": {
        "live": 1,
        "api_only": 0,
        "substituted": [{"resource": "a/Job", "type": "AWS::Glue::Job", "by": "Spark"}],
        "entries": [
            {"resource": "a", "type": "AWS::S3::Bucket", "life": "live", "by": "", "notes": ["n"]}
        ],
    },
    "model": {"artifact": "s3://artifacts/model.tar.gz"},
    "failed_step": None,
    "reason": None,
}


def shown(report: dict[str, Any], folder: Path) -> str:
    """What a reader sees of the page."""
    page = write_html(report, folder).read_text()
    text = re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(text).split())


def paths(part: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every named part, at any depth."""
    if isinstance(part, dict):
        for name, inner in part.items():
            yield (*above, name)
            yield from paths(inner, (*above, name))


@pytest.mark.parametrize("path", list(paths(REPORT)), ids="/".join)
@pytest.mark.parametrize("how", ["null", "absent"])
def test_any_part_may_be_missing(path: tuple[str, ...], how: str, tmp_path: Path) -> None:
    report = copy.deepcopy(REPORT)
    inner = report
    for name in path[:-1]:
        inner = inner[name]
    if how == "null":
        inner[path[-1]] = None
    else:
        del inner[path[-1]]
    text = shown(report, tmp_path)
    assert not re.search(r"\b(None|nan|null)\b", text)


def test_the_figures_are_those_of_the_report(tmp_path: Path) -> None:
    text = shown(REPORT, tmp_path)
    for figure in ("1,822 sent", "7 failed", "97.1 %", "0.9785", "0.9570", "OK -> ALARM", "44"):
        assert figure in text
    assert "'label' is <b>missing" in text  # a text, not an element


def test_what_is_not_finite_is_not_drawn(tmp_path: Path) -> None:
    report = copy.deepcopy(REPORT)
    report["training"]["learning_curve"][1]["metrics"]["train:loss"] = float("nan")
    report["metrics"]["endpoint_accuracy"] = float("nan")
    report["retraining"]["value"] = float("inf")
    page = write_html(report, tmp_path).read_text()
    assert not re.search(r"\b(nan|inf)\b", page)


def test_a_model_that_was_not_compared_is_said_to_be_so(tmp_path: Path) -> None:
    report = copy.deepcopy(REPORT)
    report["retraining"]["serving_value"] = None
    assert "not compared with a model in service: the new one was registered" in shown(
        report, tmp_path
    )


def test_a_run_that_failed_at_once_says_where_and_why(tmp_path: Path) -> None:
    failed = {"pipeline": "digits", "status": "failed", "failed_step": "deploy", "reason": "no <i>"}
    text = shown(failed, tmp_path)
    assert "deploy" in text
    assert "no <i>" in text
