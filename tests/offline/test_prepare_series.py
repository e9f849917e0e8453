"""The series job as a real Spark program: windows of a small lake's series, and what it refuses."""

import csv
import io
import json
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.recordio import Reader
from tests.offline.glue_lab import ROOT, GlueLab, library

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("series job")]

WINDOW = 4
POINTS = 100  # of each long series; the first 70 are to learn from
GAP = 33  # a grid time at which the series b has no point
ODD = range(88, 92)  # grid times of the series a that are labelled as anomalies
COMMON = {
    "--series_column": "meter",
    "--time_column": "at",
    "--label_column": "odd",
    "--feature_columns": "flow",
    "--window_points": str(WINDOW),
    "--grid_seconds": "300",
}
SCHEMA = pa.schema(
    [("meter", pa.string()), ("at", pa.string()), ("flow", pa.float64()), ("odd", pa.int32())]
)
FILES = [
    *("train/part-00000.rec", "train/part-00001.rec", "test/part-00000.rec"),
    *("holdout/test.csv", "holdout/test_features.csv", "series.json"),
]
BESIDE = ("manifest.json", "channel.json", "_SUCCESS")


def at(number: int, second: int = 0) -> str:
    return f"2026-01-02T{number // 12:02d}:{number % 12 * 5:02d}:{second:02d}Z"


def point(series: str, time: str, flow: float, odd: int | None = None) -> dict[str, Any]:
    return {"meter": series, "at": time, "flow": flow, "odd": odd}


def lake() -> list[dict[str, Any]]:
    """a has labels and points between grid times, b a gap, c is too short, d does not vary."""
    flow = np.random.default_rng(5).normal(50, 7, (2, POINTS)).tolist()
    a = [point("a", at(n, n % 300), flow[0][n], int(n in ODD)) for n in range(60)]
    a += [point("a", at(n), flow[0][n], int(n in ODD)) for n in range(60, POINTS)]
    # a second point of the same grid time, six seconds later
    a += [point("a", at(n, 59), flow[0][n] + 2, None) for n in range(0, 50, 10)]
    b = [point("b", at(n), flow[1][n]) for n in range(POINTS) if n != GAP]
    c = [point("c", at(n), 1.0) for n in range(3)]
    d = [point("d", at(n), 0.1) for n in range(POINTS)]
    return [*a, *b, *c, *d]


def gridded(records: list[dict[str, Any]], series: str) -> dict[int, float]:
    """Grid time number to value, reckoned one by one."""
    found: dict[int, list[float]] = {}
    for record in records:
        if record["meter"] == series:
            number = int(record["at"][11:13]) * 12 + int(record["at"][14:16]) // 5
            found.setdefault(number, []).append(record["flow"])
    return {number: sum(values) / len(values) for number, values in sorted(found.items())}


def windows(grid: dict[int, float], lasts: range) -> list[list[float]]:
    """The normalised windows that end there, without those in which a point is missing."""
    learned = [value for number, value in grid.items() if number < POINTS * 70 // 100]
    mean, sd = statistics.fmean(learned), statistics.pstdev(learned) or 1.0
    return [
        [(grid[number] - mean) / sd for number in range(last - WINDOW + 1, last + 1)]
        for last in lasts
        if all(number in grid for number in range(last - WINDOW + 1, last + 1))
    ]


def put_parquet(cloud: GlueLab, key: str, records: list[dict[str, Any]]) -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records, SCHEMA), file)
    cloud.put(key, file.getvalue())


def rows(cloud: GlueLab, prefix: str) -> list[tuple[float | None, list[float]]]:
    """(label, values) of every record below the prefix, in the order of the files."""
    found: list[tuple[float | None, list[float]]] = []
    for item in cloud.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", []):
        for x, y in Reader(io.BytesIO(cloud.get(item["Key"]))).batches(64):
            assert x.dtype == np.float32
            labels = [None] * len(x) if y is None else y.tolist()
            found += list(zip(labels, x.tolist(), strict=True))
    return found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlueLab]:
    cloud = GlueLab(tmp_path_factory.mktemp("series"))
    try:
        yield cloud
    finally:
        cloud.close()


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return lake()


def shipped(cloud: GlueLab) -> tuple[str, str]:
    """Addresses of the script and of the library beside it."""
    script = cloud.put("code/prepare_series.py", (ROOT / "jobs/prepare_series.py").read_bytes())
    return script, cloud.put("code/penstock.zip", library("recordio", "channels", "series"))


@pytest.fixture(scope="module")
def prepared(cloud: GlueLab, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The job run once: three files, in the last of which some points come again, unlabelled."""
    put_parquet(cloud, "records/year=2026/month=01/day=02/hour=03/a.parquet", records[::2])
    put_parquet(cloud, "records/year=2026/month=01/day=02/hour=04/b.parquet", records[1::2])
    again = [{**record, "odd": None, "flow": -1e3} for record in records[60:80]]
    put_parquet(cloud, "records/year=2026/month=01/day=03/hour=00/c.parquet", again)
    script, zipped = shipped(cloud)
    cloud.create_job("series", script, DefaultArguments={"--extra-py-files": zipped, **COMMON})
    locations = {"--records_uri": "s3://lake/records/", "--output_uri": "s3://lake/prepared/1/"}
    run = cloud.run("series", Arguments=locations)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return run


@pytest.mark.usefixtures("prepared")
def test_train_has_every_gapless_window_of_the_training_window_without_labels(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    train = rows(cloud, "prepared/1/train/")
    assert {label for label, _ in train} == {None}
    lasts = range(WINDOW - 1, 70)
    expected = [row for name in "abd" for row in windows(gridded(records, name), lasts)]
    assert len(expected) == 67 + 63 + 67
    np.testing.assert_allclose(
        sorted(row for _, row in train), sorted(expected), rtol=1e-4, atol=1e-5
    )
    assert [row for _, row in train] != sorted(row for _, row in train)


@pytest.mark.usefixtures("prepared")
def test_holdout_has_all_windows_behind_it_and_test_the_labelled_ones(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    lines = list(csv.DictReader(io.StringIO(cloud.get("prepared/1/holdout/test.csv").decode())))
    columns = [f"flow_{number}" for number in range(WINDOW)]
    assert list(lines[0]) == ["id", "label", *columns]
    lasts = range(70 + WINDOW - 1, POINTS)
    by_id = {line["id"]: line for line in lines}
    assert set(by_id) == {f"{name}/{at(last)}" for name in "abd" for last in lasts}
    for label, ids in (
        ("1", {f"a/{at(last)}" for last in ODD}),
        ("0", {f"a/{at(last)}" for last in lasts if last not in ODD}),
        ("", {f"{name}/{at(last)}" for name in "bd" for last in lasts}),
    ):
        assert {name for name, line in by_id.items() if line["label"] == label} == ids
    for name in "abd":
        found = [[float(by_id[f"{name}/{at(last)}"][each]) for each in columns] for last in lasts]
        expected = windows(gridded(records, name), lasts)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert rows(cloud, "prepared/1/test/") == [
        (float(line["label"]), [float(np.float32(line[name])) for name in columns])
        for line in lines
        if line["label"]
    ]
    features = cloud.get("prepared/1/holdout/test_features.csv").decode().splitlines()
    assert features == [",".join(line[name] for name in columns) for line in lines]


@pytest.mark.usefixtures("prepared")
def test_series_json_says_how_to_normalise_and_what_was_missing(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    found = json.loads(cloud.get("prepared/1/series.json"))
    assert found["window_points"] == WINDOW
    assert {series["grid_seconds"] for series in found["series"].values()} == {300}
    assert found["too_short"] == ["c"]
    assert list(found["series"]) == ["a", "b", "d"]
    learned = [value for number, value in gridded(records, "b").items() if number < 70]
    b = found["series"]["b"]
    assert b["mean"] == pytest.approx(statistics.fmean(learned))
    assert b["sd"] == pytest.approx(statistics.pstdev(learned))
    assert (b["points"], b["gaps"], b["gap_windows"]) == (POINTS - 1, 1, WINDOW)
    assert (found["series"]["d"]["mean"], found["series"]["d"]["sd"]) == (0.1, 1)


def test_the_summary_counts_what_was_read_and_written(
    prepared: dict[str, Any], cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    summary = json.loads(cloud.get("prepared/1/summary.json"))
    unique = len(records)
    assert summary["records_read"] == unique + 20
    assert (summary["unique"], summary["duplicates"]) == (unique, 20)
    assert (summary["series"], summary["too_short"]) == (3, 1)
    assert summary["feature_columns"] == [f"flow_{number}" for number in range(WINDOW)]
    assert summary["label_column"] == "odd"
    assert summary["holdout_uri"] == "s3://lake/prepared/1/holdout/test.csv"
    for name, counted in summary["channels"].items():
        items = cloud.s3.list_objects_v2(Bucket="lake", Prefix=f"prepared/1/{name}/")["Contents"]
        assert counted["records"] == len(rows(cloud, f"prepared/1/{name}/"))
        assert counted["bytes"] == sum(item["Size"] for item in items)
        assert counted["parts"] == len(items) == (2 if name == "train" else 1)
    output = cloud.log(prepared["Id"], "output")
    assert "left out, without 4 consecutive points to train on: c" in output


@pytest.mark.usefixtures("prepared")
def test_other_files_and_partitions_give_the_same_files_and_failures_are_one_line(
    cloud: GlueLab, records: list[dict[str, Any]]
) -> None:
    """One Spark session runs the script several times: each start costs seconds."""
    again = [{**record, "odd": None, "flow": -1e3} for record in records[60:80]]
    all_of_them = [*records, *again]
    order = np.random.default_rng(3).permutation(len(all_of_them))
    for part in range(4):
        some = [all_of_them[index] for index in order[part::4]]
        put_parquet(cloud, f"other/deep/{part}.parquet", some)
    b = [record for record in records if record["meter"] == "b"]
    # two grids; labelled, and no anomaly behind the training window
    quiet = [{**record, "odd": 0} for record in b[:80]]
    slow = [point("slow", at(3 * n), float(n % 4)) for n in range(90)]
    put_parquet(cloud, "quiet/a.parquet", [*quiet, *b[80:], *slow])
    put_parquet(cloud, "short/a.parquet", b[:3])
    put_parquet(cloud, "holes/a.parquet", [*b, point("b", at(105), float("nan"))])
    put_parquet(cloud, "zoneless/a.parquet", [point("b", at(1)[:-1], 1.0)])
    narrow = pa.table({"meter": ["a"], "at": [at(1)], "odd": [0]})
    file = io.BytesIO()
    pq.write_table(narrow, file)
    cloud.put("narrow/a.parquet", file.getvalue())
    source = """
import sys, prepare_series

for name in ("other", "quiet", "empty", "narrow", "short", "holes", "zoneless"):
    uris = ["--records_uri", f"s3://lake/{name}/", "--output_uri", f"s3://lake/out/{name}/"]
    grid = ["--grid_seconds", "auto"] if name == "quiet" else []
    try:
        prepare_series.main([*sys.argv[1:], *uris, *grid])
    except prepare_series.PrepareError as error:
        print("refused", name, error)
"""
    script, zipped = shipped(cloud)
    # portions of three rows, few partitions: a series is spread over several portions
    conf = "spark.sql.execution.arrow.maxRecordsPerBatch=3 --conf spark.sql.shuffle.partitions=3"
    arguments = {"--extra-py-files": f"{zipped},{script}", "--conf": conf, **COMMON}
    cloud.script_job("several", source, DefaultArguments=arguments)
    run = cloud.run("several")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    for key in FILES:
        assert cloud.get(f"out/other/{key}") == cloud.get(f"prepared/1/{key}"), key
    listed = cloud.s3.list_objects_v2(Bucket="lake", Prefix="out/quiet/")["Contents"]
    assert {item["Key"].removeprefix("out/quiet/") for item in listed} == {
        *("train/part-00000.rec", "train/part-00001.rec", "series.json", "summary.json"),
        *("holdout/test.csv", "holdout/test_features.csv"),
        *(f"_channels/train/{name}" for name in BESIDE),
        *(f"_channels/holdout/{name}" for name in BESIDE),
    }
    summary = json.loads(cloud.get("out/quiet/summary.json"))
    assert list(summary["channels"]) == ["train"]
    assert summary["holdout_uri"] == "s3://lake/out/quiet/holdout/test.csv"
    held_out = cloud.get("out/quiet/holdout/test.csv").decode().splitlines()
    found = json.loads(cloud.get("out/quiet/series.json"))["series"]
    assert {series: figures["grid_seconds"] for series, figures in found.items()} == {
        "b": 300,
        "slow": 900,
    }
    assert len(held_out) == 1 + found["b"]["holdout_windows"] + found["slow"]["holdout_windows"]
    assert (found["slow"]["gaps"], found["slow"]["holdout_windows"]) == (0, 27 - WINDOW + 1)
    labelled = found["b"]["test_windows"]
    assert 0 < labelled < found["b"]["holdout_windows"]
    assert found["b"]["anomalies"] == found["slow"]["test_windows"] == 0
    output = cloud.log(run["Id"], "output")
    assert (
        f"no test channel: of {labelled} labelled windows behind the training windows "
        "none is an anomaly"
    ) in output
    refused = [line for line in output if line.startswith("refused")]
    assert refused[0] == "refused empty no records below s3://lake/empty/"
    assert refused[1] == "refused narrow the records have no column flow; they have meter, at, odd"
    assert refused[2] == (
        "refused short no series has 4 consecutive points in the first 70 % of its time: b"
    )
    assert refused[3].startswith(f"refused holes record b/{at(105)} has no finite number in column")
    assert refused[4].startswith("refused zoneless series b: column at must hold ISO 8601 times")
    assert len(refused) == 5
    for name in ("short", "holes", "zoneless"):
        found = cloud.s3.list_objects_v2(Bucket="lake", Prefix=f"out/{name}/")
        assert "Contents" not in found
