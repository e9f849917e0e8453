"""The monitor's Glue job on real Spark: a baseline of digits, and windows of captured requests."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from penstock.monitor import Baseline, Format, Reader, Window, check, read_profile, utc_time
from penstock.recordio import write_dense
from tests.offline.glue_lab import ROOT, GlueLab, library

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("glue monitor")]

NAMES = [f"pixels_{place:02d}" for place in range(64)]
PIXEL = 20
START, END = "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"
BASELINE = "s3://lake/monitor/baseline/1/"


def csv_line(row: Any) -> str:
    return ",".join("" if np.isnan(value) else f"{value:g}" for value in row)


def record(
    data: str, minute: float, content_type: str = "text/csv", encoding: str = "CSV"
) -> dict[str, Any]:
    hour, second = 10 + int(minute // 60), int(minute * 60) % 60
    time = f"2026-11-22T{hour:02d}:{int(minute % 60):02d}:{second:02d}Z"
    side = {"observedContentType": content_type, "data": data, "encoding": encoding}
    return {
        "captureData": {"endpointInput": side, "endpointOutput": side},
        "eventMetadata": {"eventId": "e", "inferenceTime": time},
        "eventVersion": "0",
    }


def put_captures(cloud: GlueLab, endpoint: str, records: list[Any], files: int = 5) -> None:
    """In the documented layout, in files of two variants; odd records as they are."""
    for number in range(files):
        for hour in ("09", "10", "11"):
            lines = [
                found if isinstance(found, str) else json.dumps(found)
                for found in records[number::files]
                if hour == (re.findall(r"T(\d\d):", json.dumps(found)) or ["10"])[0]
            ]
            if lines:
                variant = ("main", "other")[number % 2]
                key = f"capture/{endpoint}/{variant}/2026/11/22/{hour}/{number}.jsonl"
                cloud.put(key, "\n".join(lines).encode())


def requests(rows: Any, first: float = 0.5, last: float = 59.5) -> list[dict[str, Any]]:
    """One request for every three rows, spread over the minutes of the hour."""
    portions = [rows[at : at + 3] for at in range(0, len(rows), 3)]
    minutes = np.linspace(first, last, len(portions))
    return [
        record("\n".join(map(csv_line, portion)), minute)
        for portion, minute in zip(portions, minutes, strict=True)
    ]


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    """Training rows and held-out rows."""
    images = load_digits().data
    order = np.random.default_rng(5).permutation(len(images))
    return images[order[:1200]], images[order[1200:]]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, digits: tuple[Any, Any]) -> Iterator[GlueLab]:
    cloud = GlueLab(tmp_path_factory.mktemp("monitor"))
    try:
        put_data(cloud, *digits)
        yield cloud
    finally:
        cloud.close()


def put_data(cloud: GlueLab, training: Any, held_out: Any) -> None:
    for part in range(3):
        file = io.BytesIO()
        rows = training[part::3].astype(np.float32)
        write_dense(file, rows, np.arange(len(rows), dtype=np.float32))
        cloud.put(f"prepared/1/train/part-{part:05d}.rec", file.getvalue())
    around = [record(csv_line(16 - held_out[0]), minute) for minute in (-0.1, 60, 75)]
    put_captures(cloud, "reference", [*requests(held_out), *around])
    put_captures(cloud, "inverted", requests(16 - held_out))
    shifted, holes = held_out.copy(), held_out.copy()
    shifted[:, PIXEL] += 5
    holes[:, PIXEL] = np.nan
    put_captures(cloud, "shifted", requests(shifted))
    put_captures(cloud, "holes", requests(holes))
    put_captures(cloud, "silent", around)
    bodies = "\n".join(map(csv_line, held_out)).encode()
    odd: list[Any] = [
        record(base64.b64encode(bodies).decode(), 5, encoding="BASE64"),
        record(base64.b64encode(b"\xff\xd8").decode(), 6, "image/jpeg", "BASE64"),
        record(base64.b64encode(b"a picture").decode(), 6, "image/png", "BASE64"),
        {**record("1", 7), "eventMetadata": {"eventId": "e"}},
        {**record("1", 7), "eventMetadata": {"inferenceTime": "yesterday"}},
        "not JSON",
    ]
    put_captures(cloud, "odd", odd)
    flood = [record("x", 1, f"text/{number}{'é' * 90}", "BASE64") for number in range(40)]
    put_captures(cloud, "flood", flood)


@pytest.fixture(scope="module")
def job(cloud: GlueLab) -> dict[str, str]:
    """The default arguments of a job that has the library and the wheel."""
    (wheel,) = (ROOT / "wheels/glue-5.1").glob("*.whl")
    return {
        "--extra-py-files": cloud.put("code/penstock.zip", library("recordio", "monitor")),
        "--additional-python-modules": cloud.put(f"code/{wheel.name}", wheel.read_bytes()),
        "--python-modules-installer-option": "--no-index --no-deps",
        "--feature_columns": ",".join(NAMES),
    }


@pytest.fixture(scope="module")
def monitor(cloud: GlueLab, job: dict[str, str]) -> str:
    script = cloud.put("code/monitor.py", (ROOT / "jobs/monitor_data_quality.py").read_bytes())
    cloud.create_job("monitor", script, DefaultArguments=job)
    return script


@pytest.fixture(scope="module")
def baseline(cloud: GlueLab, monitor: str) -> Baseline:
    run = cloud.run(
        "monitor",
        Arguments={
            "--purpose": "baseline",
            "--training_uri": "s3://lake/prepared/1/train/",
            "--baseline_uri": BASELINE,
            "--distance": "Robust",
            "--drift_threshold": "0.15",
        },
    )
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return Baseline(*(document(cloud, "baseline", "1", name) for name in FILES[:2]))


FILES = ("statistics.json", "constraints.json", "constraint_violations.json", "run.json")
CHECKS = ("reference", "inverted", "shifted", "holes", "silent", "odd", "flood")


@pytest.fixture(scope="module")
def reports(
    cloud: GlueLab, monitor: str, job: dict[str, str], baseline: Baseline
) -> dict[str, dict[str, Any]]:
    """Every check's summary; one Spark session runs the script several times."""
    source = f"""
import sys, monitor

for name in {CHECKS}:
    monitor.main([
        *sys.argv[1:], "--purpose", "check", "--endpoint_name", name, "--schedule_name", "quality",
        "--capture_uri", f"s3://lake/capture/{{name}}", "--baseline_uri", "{BASELINE}",
        "--report_uri", f"s3://lake/monitor/reports/{{name}}/",
        "--window_start", "{START}", "--window_end", "{END}",
    ])
"""
    arguments = {**job, "--extra-py-files": f"{job['--extra-py-files']},{monitor}"}
    cloud.script_job("checks", source, DefaultArguments=arguments)
    run = cloud.run("checks")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return {name: document(cloud, "reports", name, "summary.json") for name in CHECKS}


def document(cloud: GlueLab, kind: str, name: str, file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cloud.get(f"monitor/{kind}/{name}/{file}"))
    return found


def violations(cloud: GlueLab, name: str) -> set[tuple[str, str]]:
    found = document(cloud, "reports", name, "constraint_violations.json")["violations"]
    return {(entry["feature_name"], entry["constraint_check_type"]) for entry in found}


def metric(cloud: GlueLab, endpoint: str, name: str) -> list[float]:
    found = cloud.cloudwatch.get_metric_statistics(
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName=name,
        Dimensions=[
            {"Name": "Endpoint", "Value": endpoint},
            {"Name": "MonitoringSchedule", "Value": "quality"},
        ],
        StartTime="2020-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
        Period=3600,
        Statistics=["Maximum"],
    )
    return [point["Maximum"] for point in found["Datapoints"]]


def test_the_baseline_describes_the_shards_features_and_not_their_labels(
    baseline: Baseline, digits: tuple[Any, Any]
) -> None:
    training, _ = digits
    assert baseline.feature_names == NAMES
    assert baseline.statistics["dataset"]["item_count"] == len(training)
    for column, feature in zip(training.T, baseline.statistics["features"], strict=True):
        numbers = feature["numerical_statistics"]
        assert numbers["common"] == {"num_present": len(training), "num_missing": 0}
        assert (numbers["min"], numbers["max"]) == (column.min(), column.max())
        assert numbers["sum"] == column.sum()
        assert numbers["mean"] == pytest.approx(column.mean(), rel=1e-12)
        assert numbers["std_dev"] == pytest.approx(column.std(), rel=1e-12)
    comparing = baseline.constraints["monitoring_config"]["distribution_constraints"]
    assert comparing["comparison_threshold"] == 0.15
    assert comparing["comparison_method"] == "Robust"


def test_held_out_rows_violate_nothing(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, digits: tuple[Any, Any]
) -> None:
    summary = reports["reference"]
    assert summary == {
        "exit_status": "Completed",
        "item_count": len(digits[1]),  # the inverted row before and the two after do not count
        "violations": 0,
        "drifted_features": 0,
        "window_start": START,
        "window_end": END,
        "messages": [],
    }
    assert violations(cloud, "reference") == set()
    assert metric(cloud, "reference", "violations") == [0]


def test_inverted_rows_drift_in_most_pixels_that_vary(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, digits: tuple[Any, Any]
) -> None:
    varying = {name for name, column in zip(NAMES, digits[0].T, strict=True) if column.std() > 0}
    drifted = {name for name, kind in violations(cloud, "inverted") if kind.endswith("drift_check")}
    assert len(drifted & varying) > len(varying) * 2 / 3
    summary = reports["inverted"]
    assert summary["exit_status"] == "CompletedWithViolations"
    assert summary["drifted_features"] == len(drifted)
    assert summary["violations"] == len(violations(cloud, "inverted"))
    assert metric(cloud, "inverted", "violations") == [summary["violations"]]
    assert metric(cloud, "inverted", f"feature_baseline_drift_{NAMES[1]}")[0] > 0.15


@pytest.mark.parametrize(
    ("batch", "kind"), [("shifted", "baseline_drift_check"), ("holes", "completeness_check")]
)
def test_one_odd_column_is_named_and_nothing_else(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, batch: str, kind: str
) -> None:
    assert violations(cloud, batch) == {(NAMES[PIXEL], kind)}
    assert reports[batch]["violations"] == 1


def test_a_window_without_a_row_is_completed_says_so_and_sends_no_metric(
    reports: dict[str, dict[str, Any]], cloud: GlueLab
) -> None:
    summary = reports["silent"]
    assert (summary["exit_status"], summary["item_count"]) == ("Completed", 0)
    assert summary["messages"] == [
        f"no data: not one row in 0 objects from {START} to {END}, nothing was compared"
    ]
    assert document(cloud, "reports", "silent", "run.json")["metrics"] == []
    assert metric(cloud, "silent", "violations") == []


def test_odd_records_are_counted_by_reason_and_base64_is_read(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, digits: tuple[Any, Any]
) -> None:
    summary = reports["odd"]
    assert summary["item_count"] == len(digits[1])
    assert summary["violations"] == 0
    assert summary["messages"][0] == (
        f"part of the window is empty: no capture from 2026-11-22T10:06:00Z to {END}"
    )
    assert sorted(summary["messages"][1:]) == [
        "1 records skipped: endpointInput has content type 'image/png': text/csv, "
        "application/json and application/jsonlines are read",
        "1 records skipped: endpointInput of content type 'image/jpeg' is no UTF-8 text in BASE64",
        "1 records skipped: not a capture record (a JSON object with captureData)",
        "2 records skipped: no readable eventMetadata.inferenceTime",
    ]


def test_the_summary_stays_small_whatever_clients_send(
    reports: dict[str, dict[str, Any]], cloud: GlueLab
) -> None:
    assert len(cloud.get("monitor/reports/flood/summary.json")) < 4096
    assert 2 < len(reports["flood"]["messages"]) <= 10
    assert len(document(cloud, "reports", "flood", "run.json")["messages"]) > 10


@pytest.mark.parametrize("name", ["reference", "inverted"])
def test_many_tasks_find_what_one_process_finds(
    reports: dict[str, dict[str, Any]], cloud: GlueLab, baseline: Baseline, name: str
) -> None:
    window = Window(utc_time(START), utc_time(END))
    reader = Reader(Format.CAPTURE, names=NAMES, window=window, s3=cloud.s3)
    profile, reading = read_profile(f"s3://lake/capture/{name}/", reader)
    assert reading.objects > 2  # as many tasks as Spark has threads
    alone = {
        file: json.loads(content)
        for file, content in check(profile, baseline, reading=reading).files().items()
    }
    spread = {file: document(cloud, "reports", name, file) for file in FILES}
    assert spread["constraint_violations.json"] == alone["constraint_violations.json"]
    assert spread["constraints.json"] == alone["constraints.json"]
    assert spread["run.json"]["distances"] == alone["run.json"]["distances"]
    for one, many in zip(
        alone["statistics.json"]["features"], spread["statistics.json"]["features"], strict=True
    ):
        first, second = (found.pop("numerical_statistics") for found in (one, many))
        assert one == many
        for found in (first, second):  # every value is kept: only their order may differ
            levels = found["distribution"]["kll"]["sketch"]["data"]
            levels[:] = [sorted(level) for level in levels]
        for figure in ("mean", "std_dev", "sum"):
            assert second.pop(figure) == pytest.approx(first.pop(figure), rel=1e-9)
        assert first == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"--window_end": "tomorrow"}, "'tomorrow' is no time in UTC: write it as 2026-"),
        ({"--window_start": END}, "its end must be later"),
        ({"--purpose": "baseline", "--distance": "far"}, "'far' is unknown: use Robust or Simple"),
    ],
)
def test_wrong_arguments_fail_in_one_line(
    cloud: GlueLab, monitor: str, arguments: dict[str, str], message: str
) -> None:
    given = dict.fromkeys(("--capture_uri", "--baseline_uri", "--report_uri"), "s3://lake/none/")
    given |= {"--endpoint_name": "e", "--schedule_name": "s", "--training_uri": "s3://lake/none/"}
    given |= {"--purpose": "check", "--window_start": START, "--window_end": END} | arguments
    run = cloud.run("monitor", Arguments=given)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith("DataQualityError: ")
    assert message in run["ErrorMessage"]
