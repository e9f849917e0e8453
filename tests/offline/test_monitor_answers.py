"""The monitor's Glue job over captured answers, on real Spark: text length and class balance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.workers.hosting.capture_settings import CaptureSettings
from penstock.localcloud.workers.hosting.captured_invocation import CapturedInvocation
from penstock.localcloud.workers.hosting.invocation import Answer, Request
from tests.offline.glue_lab import ROOT, GlueLab, library

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("glue monitor answers")]

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
BASELINE = "s3://lake/monitor/baseline/1/"
COLUMNS = "tokens:number,predicted_label:category"
MAX_TOKENS = 256
TRAINING, HELD_OUT = 1410, 291
CHECKS = ("reference", "leaning", "short", "one-sided", "odd")
Rows = list[tuple[int, int]]  # tokens, label


def rows(count: int, *, positive: float, tokens: int) -> Rows:
    """So many texts of about so many tokens, cut at the most a model reads."""
    generator = np.random.default_rng(count)
    lengths = np.clip(generator.normal(tokens, tokens / 4, count), 4, MAX_TOKENS)
    ones = round(count * positive)
    return [(int(length), int(place < ones)) for place, length in enumerate(lengths)]


def answer(some: Rows) -> Answer:
    """As the serving program writes it."""
    found = [
        {"predicted_label": label, "score": 0.75, "scores": [0.25, 0.75], "tokens": tokens}
        for tokens, label in some
    ]
    return Answer(json.dumps({"predictions": found}).encode(), "application/json", "main")


def put_captures(
    cloud: GlueLab, endpoint: str, answers: list[Answer], *, json_types: tuple[str, ...]
) -> None:
    """Written by the local cloud's own data capture; base64 for types that are not listed."""
    settings = CaptureSettings.of(
        {
            "DataCaptureConfig": {
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": "s3://lake/capture",
                "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
                "CaptureContentTypeHeader": {"JsonContentTypes": list(json_types)},
            }
        }
    )
    assert settings is not None
    body = json.dumps({"texts": ["a film"]}).encode()
    pause = timedelta(minutes=58) / (len(answers) - 1)
    lines = [
        CapturedInvocation(
            Request(body, "application/json"), found, "e", START + place * pause
        ).line(settings)
        for place, found in enumerate(answers)
    ]
    for part in range(3):
        key = f"capture/{endpoint}/main/2026/11/22/10/{part}.jsonl"
        cloud.put(key, "\n".join(lines[part::3]).encode())


def in_requests(some: Rows) -> list[Answer]:
    """Twenty-five texts a request, the last one with fewer."""
    mixed = [some[place] for place in np.random.default_rng(1).permutation(len(some))]
    return [answer(mixed[at : at + 25]) for at in range(0, len(mixed), 25)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlueLab]:
    cloud = GlueLab(tmp_path_factory.mktemp("answers"))
    try:
        put_data(cloud)
        yield cloud
    finally:
        cloud.close()


def put_data(cloud: GlueLab) -> None:
    training = rows(TRAINING, positive=0.5, tokens=600)
    for part in range(2):
        text = "\n".join(f"{tokens},{label}" for tokens, label in training[part::2])
        content = f"tokens,predicted_label\n{text}\n".encode()
        cloud.put(f"prepared/1/baseline/part-{part:05d}.csv", content)
    listed, unlisted = ("application/json",), ("application/problem-json",)
    whole = rows(HELD_OUT, positive=0.5, tokens=600)
    put_captures(cloud, "reference", in_requests(whole), json_types=listed)
    leaning = rows(HELD_OUT, positive=0.36, tokens=600)
    put_captures(cloud, "leaning", in_requests(leaning), json_types=unlisted)
    short = rows(HELD_OUT, positive=0.5, tokens=40)
    put_captures(cloud, "short", in_requests(short), json_types=unlisted)
    one_sided = rows(HELD_OUT, positive=0.15, tokens=600)
    put_captures(cloud, "one-sided", in_requests(one_sided), json_types=listed)
    odd = [
        *in_requests(whole),
        Answer(b'{"error": "no text"}', "application/json", "main"),
        Answer(b"<html>", "text/html", "main"),
    ]
    put_captures(cloud, "odd", odd, json_types=listed)


@pytest.fixture(scope="module")
def reports(cloud: GlueLab) -> dict[str, dict[str, Any]]:
    """Every check's summary; one Spark session makes the baseline and runs them all."""
    script = cloud.put("code/monitor.py", (ROOT / "jobs/monitor_data_quality.py").read_bytes())
    (wheel,) = (ROOT / "wheels/glue-5.1").glob("*.whl")
    package = cloud.put("code/penstock.zip", library("recordio", "monitor"))
    source = f"""
import sys, monitor

given = [*sys.argv[1:], "--baseline_uri", "{BASELINE}"]
monitor.main([*given, "--purpose", "baseline", "--training_uri", "s3://lake/prepared/1/baseline/"])
for name in {CHECKS}:
    monitor.main([
        *given, "--purpose", "check", "--endpoint_name", name, "--schedule_name", "quality",
        "--capture_uri", f"s3://lake/capture/{{name}}",
        "--report_uri", f"s3://lake/monitor/reports/{{name}}/",
        "--window_start", "2026-11-22T10:00:00Z", "--window_end", "2026-11-22T11:00:00Z",
    ])
"""
    cloud.script_job(
        "checks",
        source,
        DefaultArguments={
            "--extra-py-files": f"{package},{script}",
            "--additional-python-modules": cloud.put(f"code/{wheel.name}", wheel.read_bytes()),
            "--python-modules-installer-option": "--no-index --no-deps",
            "--answer_columns": COLUMNS,
        },
    )
    run = cloud.run("checks")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return {name: document(cloud, f"reports/{name}/summary.json") for name in CHECKS}


def document(cloud: GlueLab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cloud.get(f"monitor/{name}"))
    return found


def violations(cloud: GlueLab, name: str) -> list[tuple[str, str]]:
    found = document(cloud, f"reports/{name}/constraint_violations.json")["violations"]
    return [(entry["feature_name"], entry["constraint_check_type"]) for entry in found]


def test_the_baseline_has_lengths_as_numbers_and_labels_as_names(
    reports: dict[str, dict[str, Any]], cloud: GlueLab
) -> None:
    tokens, label = document(cloud, "baseline/1/statistics.json")["features"]
    assert (tokens["name"], tokens["inferred_type"]) == ("tokens", "Integral")
    assert tokens["numerical_statistics"]["max"] == MAX_TOKENS
    assert (label["name"], label["inferred_type"]) == ("predicted_label", "String")
    assert label["string_statistics"]["distribution"]["categorical"]["buckets"] == [
        {"value": "0", "count": TRAINING // 2},
        {"value": "1", "count": TRAINING // 2},
    ]


@pytest.mark.parametrize("name", ["reference", "leaning"])
def test_answers_about_like_texts_violate_nothing_also_of_a_model_that_leans_to_a_class(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, name: str
) -> None:
    assert violations(cloud, name) == []
    assert (reports[name]["item_count"], reports[name]["messages"]) == (HELD_OUT, [])
    distances = document(cloud, f"reports/{name}/run.json")["distances"]
    assert set(distances) == {"tokens", "predicted_label"}


@pytest.mark.parametrize(
    ("name", "column"), [("short", "tokens"), ("one-sided", "predicted_label")]
)
def test_shorter_texts_and_another_balance_are_each_found_by_their_own_violation(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, name: str, column: str
) -> None:
    assert violations(cloud, name) == [(column, "baseline_drift_check")]
    assert (reports[name]["violations"], reports[name]["drifted_features"]) == (1, 1)


def test_answers_without_predictions_are_counted_by_reason(
    reports: dict[str, dict[str, Any]], cloud: GlueLab
) -> None:
    assert reports["odd"]["item_count"] == HELD_OUT
    assert violations(cloud, "odd") == []
    assert sorted(reports["odd"]["messages"]) == [
        "1 records skipped: endpointOutput has content type 'text/html': text/csv, "
        "application/json and application/jsonlines are read",
        "1 records skipped: no prediction with tokens or predicted_label in it: expected "
        '{"predictions": [{...}, ...]} or JSON lines',
    ]
