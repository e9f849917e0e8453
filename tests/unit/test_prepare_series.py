"""The series job without Spark: what it makes of a lake's series, and what it refuses."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pyarrow as pa
import pytest

SOURCE = Path(__file__).parents[2] / "jobs" / "prepare_series.py"
SPARK = ("pyspark", "pyspark.errors", "pyspark.sql", "pyspark.sql.types")
ARGUMENTS = [
    *("--JOB_NAME", "prepare", "--records_uri", "s3://lake/records", "--output_uri", "s3://lake/o"),
    *("--series_column", "meter", "--time_column", "at", "--label_column", "odd"),
    *("--feature_columns", "flow", "--window_points", "3"),
]


@pytest.fixture(scope="module")
def job() -> Iterator[ModuleType]:
    """The script, with stand-ins for the modules of Spark."""
    spec = importlib.util.spec_from_file_location("prepare_series", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name in SPARK:
            patch.setitem(sys.modules, name, MagicMock())
        patch.setitem(sys.modules, spec.name, module)  # dataclasses look there
        spec.loader.exec_module(module)
        yield module
    for name in ("penstock.channels.lake", "penstock.channels.spread"):
        sys.modules.pop(name)  # they hold the stand-ins


def batches(records: list[tuple[Any, ...]], rows: int) -> Iterator[pa.RecordBatch]:
    """Records (series, time, label, value) as Spark hands them over, so many in each batch."""
    table = pa.table(
        {
            "series": pa.array([record[0] for record in records], pa.string()),
            "time": pa.array([record[1] for record in records], pa.string()),
            "label": pa.array([record[2] for record in records], pa.float64()),
            "values": pa.array([[record[3]] for record in records], pa.list_(pa.float64())),
        }
    )
    return iter(table.to_batches(max_chunksize=rows))


def at(number: int) -> str:
    return f"2014-04-01T{number // 12:02d}:{number % 12 * 5:02d}:00Z"


def lake() -> list[tuple[Any, ...]]:
    """Two series of twenty points, one of them with a gap, and one that is too short."""
    a = [("a", at(n), float(n == 18), float(n % 4)) for n in range(20)]
    b = [("b", at(n), None, float(n % 5)) for n in range(20) if n != 6]
    return [*a, *b, ("c", at(3), None, 1.0)]


def learned(job: ModuleType, records: list[tuple[Any, ...]], *arguments: str) -> list[Any]:
    given, rows = job.Settings.parse([*ARGUMENTS, *arguments]), 7
    tables = [pa.Table.from_batches([b]) for b in job.learner(given)(batches(records, rows))]
    return [SimpleNamespace(**row) for table in tables for row in table.to_pylist()]


def refusal(job: ModuleType, *records: tuple[Any, ...]) -> str:
    with pytest.raises(job.PrepareError) as caught:
        job.described(learned(job, list(records)), job.Settings.parse(ARGUMENTS))
    return str(caught.value)


def test_series_json_tells_each_series_figures_and_which_are_too_short(job: ModuleType) -> None:
    settings = job.Settings.parse(ARGUMENTS)
    found = job.described(learned(job, lake()), settings)
    assert found["too_short"] == ["c"]
    assert (found["window_points"], found["train_percent"]) == (3, 70)
    assert list(found["series"]) == ["a", "b"]
    assert found["series"]["b"] == {
        "grid_seconds": 300,
        "mean": pytest.approx(np.mean([n % 5 for n in range(14) if n != 6])),
        "sd": pytest.approx(np.std([n % 5 for n in range(14) if n != 6])),
        "points": 19,
        "gaps": 1,
        "gap_windows": 3,
        "train_windows": 9,
        "holdout_windows": 4,
        "test_windows": 0,
        "anomalies": 0,
    }
    a = found["series"]["a"]
    assert (a["holdout_windows"], a["test_windows"], a["anomalies"]) == (4, 4, 1)


def test_each_series_has_a_grid_of_its_own_unless_one_is_given(job: ModuleType) -> None:
    slow = [("d", at(6 * n), None, float(n)) for n in range(20)]
    given = job.Settings.parse(ARGUMENTS)
    found = job.described(learned(job, [*lake(), *slow]), given)["series"]
    assert {name: series["grid_seconds"] for name, series in found.items()} == {
        **{"a": 300, "b": 300},
        "d": 1800,
    }
    assert found["d"]["gaps"] == 0
    one = job.described(learned(job, [*lake(), *slow], "--grid_seconds", "600"), given)
    assert {series["grid_seconds"] for series in one["series"].values()} == {600}
    assert one["too_short"] == ["c", "d"]


def test_a_single_point_tells_no_step_and_is_enough_on_a_given_grid(job: ModuleType) -> None:
    single = ("--window_points", "1", "--train_percent", "100")
    records = [("c", at(3), None, 1.0)]
    given = job.Settings.parse([*ARGUMENTS, *single])
    with pytest.raises(job.PrepareError, match="no series has 2 consecutive points in"):
        job.described(learned(job, records, *single), given)
    grid = ("--grid_seconds", "300")
    assert job.described(learned(job, records, *single, *grid), given)["too_short"] == []


@pytest.mark.parametrize("rows", [1, 4, 100])
def test_windows_are_the_same_in_batches_of_any_size(job: ModuleType, rows: int) -> None:
    cut = job.windower(job.Settings.parse(ARGUMENTS))
    found = pa.Table.from_batches(cut(batches(lake(), rows))).to_pylist()
    train = [row for row in found if row["training"]]
    held_out = [row for row in found if not row["training"]]
    assert len(train) == 12 + 9
    assert [(row["id"], repr(row["label"])) for row in held_out] == [
        *((f"a/{at(n)}", repr(float(n == 18))) for n in (16, 17, 18, 19)),
        *((f"b/{at(n)}", "nan") for n in (16, 17, 18, 19)),
    ]
    assert train[0]["id"] == f"a/{at(2)}"
    assert all(len(row["features"]) == 3 for row in found)
    again = pa.Table.from_batches(cut(batches(lake(), 50))).to_pylist()
    assert repr(found) == repr(again)


def test_what_cannot_be_prepared_is_told_in_one_line(job: ModuleType) -> None:
    good = [("a", at(n), None, 1.0) for n in range(9)]
    assert refusal(job, *good, ("a", at(9), None, None)) == (
        f"record a/{at(9)} has no finite number in column flow (1 records of this series)"
    )
    assert refusal(job, *good, ("a", at(9), 2.0, 1.0)).startswith(
        f"record a/{at(9)} has neither 1, an anomaly, nor 0 in column odd"
    )
    assert "times with a zone, such as" in refusal(job, ("a", "2014-04-01T00:00:00", None, 1.0))
    assert refusal(job, ("a", None, None, 1.0)) == "1 records of series a have no at"
    assert refusal(job, (None, at(1), None, 1.0)) == "1 records name no series"
    assert refusal(job, ("b", at(1), None, 1.0), ("c", at(1), None, 1.0)) == (
        "no series has 3 consecutive points in the first 70 % of its time: b, c"
    )
    huge = [("a", at(n), None, 1.7e308) for n in range(9)]
    assert refusal(job, *huge, ("a", at(9), None, -1.7e308), ("a", at(4), None, -1.7e308)) == (
        "series a: the values in column flow are too large for a mean"
    )
    assert refusal(job) == "no records below s3://lake/records/"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--grid_seconds", "0"],
            "--grid_seconds is '0': expected a whole number above 0, or auto",
        ),
        (["--window_points", "8.5"], "--window_points is '8.5': expected a whole number above 0"),
        (["--train_percent", "101"], "--train_percent is '101': expected a whole number from 1"),
        (["--row", "delta"], "--row is 'delta': expected points or deviation"),
        (
            ["--row", "deviation", "--window_points", "2"],
            "--window_points is 2: a deviation from the points before needs 3",
        ),
        (["--feature_columns", "flow,odd"], "columns are named more than once: odd"),
    ],
)
def test_wrong_arguments_are_refused(job: ModuleType, arguments: list[str], message: str) -> None:
    with pytest.raises(job.PrepareError) as caught:
        job.Settings.parse([*ARGUMENTS, *arguments])
    assert str(caught.value).startswith(message)


def test_the_label_column_may_be_missing(job: ModuleType) -> None:
    arguments = [word for word in ARGUMENTS if word not in ("--label_column", "odd")]
    assert job.Settings.parse(arguments).label_column is None


def test_many_short_series_are_named_in_a_short_line(job: ModuleType) -> None:
    said = refusal(job, *((f"s{number:02d}", at(1), None, 1.0) for number in range(25)))
    assert said.endswith("s08, s09 and 15 more")


def test_a_window_of_several_values_has_a_column_for_each(job: ModuleType) -> None:
    given = job.Settings.parse([*ARGUMENTS, "--feature_columns", "a,b", "--window_points", "2"])
    assert given.row_columns == ("a_0", "b_0", "a_1", "b_1")


def test_a_deviation_of_several_values_has_a_column_for_each(job: ModuleType) -> None:
    columns = ("--feature_columns", "a,b", "--window_points", "3", "--row", "deviation")
    given = job.Settings.parse([*ARGUMENTS, *columns])
    assert given.row_columns == ("a_deviation", "b_deviation")


def test_each_training_machine_gets_a_file_of_its_own(job: ModuleType) -> None:
    for arguments, shards in (([], 2), (["--training_hosts", "5"], 5)):
        assert job.Settings.parse([*ARGUMENTS, *arguments]).train_shards == shards
