"""The series job without Spark: grid, training window, normalisation, windows, what it refuses."""

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
from hypothesis import given, settings
from hypothesis import strategies as st

SOURCE = Path(__file__).parents[2] / "jobs" / "prepare_series.py"
SPARK = ("pyspark", "pyspark.errors", "pyspark.sql", "pyspark.sql.types")
GRID_SECONDS = 300
STEP = GRID_SECONDS * 1_000_000
START = 1_396_310_400_000_000  # 2014-04-01T00:00:00Z
ARGUMENTS = [
    *("--JOB_NAME", "prepare", "--records_uri", "s3://lake/records", "--output_uri", "s3://lake/o"),
    *("--series_column", "meter", "--time_column", "at", "--label_column", "odd"),
    *("--feature_columns", "flow", "--window_points", "3", "--grid_seconds", "300"),
]
VALUES = st.floats(-1e6, 1e6, allow_subnormal=False)


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


def regular(count: int) -> np.ndarray:
    return START + STEP * np.arange(count)


def column(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def unlabelled(count: int) -> np.ndarray:
    return np.full(count, np.nan)


def prepared(job: ModuleType, values: Any, labels: Any = None, **given: Any) -> Any:
    """A series on a regular grid; `times` for one that is not."""
    times = given.pop("times", regular(len(values)))
    labels = unlabelled(len(values)) if labels is None else np.asarray(labels, dtype=np.float64)
    grid = job.on_grid(times, column(values), labels, GRID_SECONDS)
    return job.prepare(grid, given.get("window_points", 3), given.get("train_percent", 70))


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=60), st.integers(1, 12))
def test_a_gapless_series_has_a_window_for_every_point_but_the_first_ones(
    job: ModuleType, values: list[float], window_points: int
) -> None:
    found = prepared(job, values, window_points=window_points, train_percent=100)
    assert len(found.train) == max(0, len(values) - window_points + 1)
    assert found.gaps == found.gap_windows == len(found.test) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=10, max_size=40), st.lists(VALUES, min_size=40, max_size=40))
def test_normalisation_knows_nothing_of_what_comes_after_the_training_window(
    job: ModuleType, values: list[float], others: list[float]
) -> None:
    cut = len(values) * 70 // 100
    one = prepared(job, values)
    other = prepared(job, [*values[:cut], *others[cut : len(values)]])
    assert one.mean.tolist() == other.mean.tolist()
    assert one.sd.tolist() == other.sd.tolist()
    assert one.train.tolist() == other.train.tolist()
    assert one.rows(one.train, 3).tobytes() == other.rows(other.train, 3).tobytes()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 15),  # a third of a grid step each
            st.sampled_from([0.0, -0.0, 1.5, 1e6, -3.25]),
            st.sampled_from([0.0, 1.0, np.nan]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_records_changes_nothing(
    job: ModuleType, records: list[tuple[int, float, float]], random: Any
) -> None:
    grids = []
    for _ in range(2):
        thirds, values, labels = (np.array(part) for part in zip(*records, strict=True))
        grids.append(job.on_grid(START + thirds * (STEP // 3), column(values), labels, 300))
        random.shuffle(records)
    one, other = grids
    assert one.slots.tobytes() == other.slots.tobytes()
    assert one.values.tobytes() == other.values.tobytes()
    assert one.labels.tobytes() == other.labels.tobytes()
    assert (one.records, one.unique) == (other.records, other.unique)
    assert one.unique == len({third for third, _, _ in records})


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 8))
def test_windows_are_exactly_those_without_a_missing_grid_time(
    job: ModuleType, present: set[int], window_points: int
) -> None:
    slots = np.array(sorted(present))
    ends = job.complete_windows(slots, window_points)
    expected = [
        last for last in sorted(present) if set(range(last - window_points + 1, last)) <= present
    ]
    assert slots[ends].tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 8), st.integers(1, 100))
def test_every_place_for_a_window_is_taken_or_counted_as_a_gaps(
    job: ModuleType, present: set[int], window_points: int, percent: int
) -> None:
    times = START + STEP * np.array(sorted(present))
    found = prepared(
        job,
        np.arange(len(times)),
        np.zeros(len(times)),
        times=times,
        window_points=window_points,
        train_percent=percent,
    )
    span = max(present) - min(present) + 1
    training = span * percent // 100
    places = sum(max(0, part - window_points + 1) for part in (training, span - training))
    taken = len(found.train) + len(found.test)
    if len(found.train):  # a series that is too short gives no test windows either
        assert taken + found.gap_windows == places
    assert found.gaps == span - len(present)


def test_windows_hold_their_points_oldest_first_and_normalised(job: ModuleType) -> None:
    found = prepared(job, [1, 3, 1, 3, 1, 3, 1, 3, 5, 7], train_percent=80)
    assert (found.mean.tolist(), found.sd.tolist()) == ([2.0], [1.0])
    assert found.rows(found.train, 3)[:2].tolist() == [[-1, 1, -1], [1, -1, 1]]
    assert found.rows(np.array([9]), 3).tolist() == [[1, 3, 5]]


def test_several_values_of_a_point_stand_together(job: ModuleType) -> None:
    both = np.array([[1, 10], [3, 30], [1, 10], [3, 30]], dtype=np.float64)
    grid = job.on_grid(regular(4), both, unlabelled(4), GRID_SECONDS)
    found = job.prepare(grid, 2, 100)
    assert found.rows(found.train, 2)[0].tolist() == [-1, -1, 1, 1]
    settings = job.Settings.parse([*ARGUMENTS, "--feature_columns", "a,b", "--window_points", "2"])
    assert settings.row_columns == ("a_0", "b_0", "a_1", "b_1")


def test_no_point_is_in_both_channels(job: ModuleType) -> None:
    found = prepared(job, np.arange(20.0), np.zeros(20))
    # 14 of 20 points train: windows end at 2 to 13; behind them they end at 16 to 19
    assert found.train.tolist() == list(range(2, 14))
    assert found.test.tolist() == [16, 17, 18, 19]


def test_test_windows_are_those_whose_last_point_is_labelled(job: ModuleType) -> None:
    labels = unlabelled(20)
    labels[[15, 17, 19]] = 1, 0, 1
    found = prepared(job, np.arange(20.0), labels)
    assert found.test.tolist() == [17, 19]
    assert found.grid.labels[found.test].tolist() == [0, 1]


def test_points_between_grid_times_are_averaged_and_an_anomaly_stays_one(job: ModuleType) -> None:
    times = np.array([START, START + 1, START + STEP - 1, START + STEP])
    labels = np.array([0, 1, np.nan, np.nan])
    grid = job.on_grid(times, column([1, 2, 6, 5]), labels, GRID_SECONDS)
    assert grid.values.ravel().tolist() == [3, 5]
    assert grid.labels.tolist()[0] == 1
    assert np.isnan(grid.labels[1])
    assert grid.slots.tolist() == [START // STEP, START // STEP + 1]


def test_of_two_records_of_one_time_the_labelled_one_stays(job: ModuleType) -> None:
    def kept(*records: tuple[float, float]) -> tuple[float, float]:
        values, labels = (np.array(part) for part in zip(*records, strict=True))
        grid = job.on_grid(np.full(len(values), START), column(values), labels, GRID_SECONDS)
        assert (grid.records, grid.unique) == (len(records), 1)
        return float(grid.values[0, 0]), float(grid.labels[0])

    assert kept((1, np.nan), (9, 0)) == (9, 0)
    assert kept((1, 0), (9, 1)) == (9, 1)
    assert kept((9, 0), (1, 0)) == (1, 0)


def test_times_before_1970_are_rounded_down_too(job: ModuleType) -> None:
    grid = job.on_grid(np.array([-1, 0]), column([1, 2]), unlabelled(2), GRID_SECONDS)
    assert grid.slots.tolist() == [-1, 0]
    assert job.window_ids("a", grid.slots, GRID_SECONDS)[0] == "a/1969-12-31T23:55:00Z"


def test_a_stray_time_costs_no_memory(job: ModuleType) -> None:
    """One point two thousand years before the others: the grid in between is not made."""
    times = np.concatenate([[-62_000_000_000 * 1_000_000], regular(5)])
    found = prepared(job, np.arange(6.0), times=times)
    assert len(found.train) == 0
    assert found.gaps > 200_000_000


def test_a_constant_series_becomes_zeros_and_what_changes_later_is_seen(job: ModuleType) -> None:
    # the mean of twelve times 0.1 is not 0.1
    found = prepared(job, [0.1] * 13 + [0.6], train_percent=90)
    assert (found.mean.tolist(), found.sd.tolist()) == ([0.1], [1.0])
    assert not found.rows(found.train, 3).any()
    assert found.rows(np.array([13]), 3).tolist() == [[0, 0, np.float32(0.5)]]


def test_what_varies_too_little_for_a_deviation_is_not_divided_by_zero(job: ModuleType) -> None:
    _, sd = job.mean_and_sd(column([0, 1e-200]))
    assert sd.tolist() == [1]


def test_zero_has_no_sign(job: ModuleType) -> None:
    """Zeros sort alike: which of two stayed would be up to the records' order."""
    for zeros in ([0.0, -0.0], [-0.0, 0.0]):
        grid = job.on_grid(np.full(2, START), column(zeros), unlabelled(2), GRID_SECONDS)
        assert not np.signbit(grid.values).any()


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


def learned(job: ModuleType, records: list[tuple[Any, ...]], rows: int = 7) -> list[Any]:
    given = job.Settings.parse(ARGUMENTS)
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
    assert (found["window_points"], found["grid_seconds"]) == (3, 300)
    assert list(found["series"]) == ["a", "b"]
    assert found["series"]["b"] == {
        "mean": pytest.approx(np.mean([n % 5 for n in range(14) if n != 6])),
        "sd": pytest.approx(np.std([n % 5 for n in range(14) if n != 6])),
        "points": 19,
        "gaps": 1,
        "gap_windows": 3,
        "train_windows": 9,
        "test_windows": 0,
    }


@pytest.mark.parametrize("rows", [1, 4, 100])
def test_windows_are_the_same_in_batches_of_any_size(job: ModuleType, rows: int) -> None:
    cut = job.windower(job.Settings.parse(ARGUMENTS))
    found = pa.Table.from_batches(cut(batches(lake(), rows))).to_pylist()
    train = [row for row in found if row["training"]]
    test = [row for row in found if not row["training"]]
    assert len(train) == 12 + 9
    assert [(row["id"], row["label"]) for row in test] == [
        (f"a/{at(n)}", float(n == 18)) for n in (16, 17, 18, 19)
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
        (["--grid_seconds", "0"], "--grid_seconds is '0': expected a whole number above 0"),
        (["--window_points", "8.5"], "--window_points is '8.5': expected a whole number above 0"),
        (["--train_percent", "101"], "--train_percent is '101': expected a whole number from 1"),
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
