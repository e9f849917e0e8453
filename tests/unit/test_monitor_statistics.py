"""statistics.json against numpy and pyarrow on the same rows, whatever their format."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.monitor import (
    Baseline,
    Distance,
    Format,
    MonitorError,
    Profile,
    Reader,
    check,
    read_profile,
)
from penstock.monitor.distances import numeric_distance
from penstock.monitor.distribution import Distribution
from penstock.monitor.statistics import statistics
from penstock.recordio import write_csr, write_dense

RANK_ERROR = 0.0014  # datasketches' normalized_rank_error of k 2048, 99 % of the time
SHAPES = {
    "normal": lambda generator, rows: generator.normal(50, 3, rows),
    "skewed": lambda generator, rows: generator.lognormal(0, 3, rows),
    "few values": lambda generator, rows: generator.integers(0, 17, rows).astype(float),
    "one value": lambda _, rows: np.full(rows, 0.1),
    "far from zero": lambda generator, rows: 1e12 + generator.random(rows),
}


def assert_agrees(feature: dict[str, Any], column: pa.ChunkedArray) -> None:
    """One feature's figures against pyarrow's and numpy's of the same column."""
    numbers = feature["numerical_statistics"]
    kept = column.drop_null().to_numpy().astype(np.float64)
    assert numbers["common"] == {
        "num_present": pc.count(column).as_py(),
        "num_missing": column.null_count,
    }
    least, most = pc.min_max(column).as_py().values()
    assert (numbers["min"], numbers["max"]) == (least, most)
    assert numbers["mean"] == pytest.approx(pc.mean(column.cast(pa.float64())).as_py(), rel=1e-9)
    assert numbers["sum"] == pytest.approx(kept.sum(), rel=1e-9)
    # two ways to compute a spread differ by the rounding of the numbers themselves
    assert numbers["std_dev"] == pytest.approx(kept.std(), rel=1e-9, abs=1e-15 * np.abs(kept).max())
    kll = numbers["distribution"]["kll"]
    assert sum(bucket["count"] for bucket in kll["buckets"]) == len(kept)
    shares = np.linspace(0.05, 0.95, 19)
    points = np.quantile(kept, shares, method="inverted_cdf")
    found = Distribution.from_levels(kll["sketch"]["data"]).shares_up_to(points)
    exact = np.searchsorted(np.sort(kept), points, side="right") / len(kept)
    assert np.abs(found - exact).max() < 2 * RANK_ERROR


@settings(deadline=None, max_examples=40)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    rows=st.sampled_from([1, 2, 100, 5_000, 30_000]),
    missing=st.sampled_from([0.0, 0.3]),
    batch_rows=st.sampled_from([1_000, 65_536]),
    seed=st.integers(0, 1000),
)
def test_figures_are_those_of_numpy_and_pyarrow(
    shape: str, rows: int, missing: float, batch_rows: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    numbers = SHAPES[shape](generator, rows)
    gaps = generator.random(rows) < missing
    gaps[0] = False
    table = pa.table({"x": pa.array(numbers, mask=gaps)})
    (feature,) = statistics(Profile.of(table.to_batches(batch_rows)))["features"]
    assert_agrees(feature, table["x"])


@pytest.fixture
def rows() -> npt.NDArray[np.float32]:
    """So few that the sketches keep each of them."""
    generator = np.random.default_rng(6)
    return np.column_stack(
        [generator.normal(size=2_000), generator.integers(0, 10, 2_000) / 10]
    ).astype(np.float32)


def write_recordio(path: Path, rows: npt.NDArray[np.float32]) -> None:
    with path.open("wb") as file:
        write_dense(file, rows, np.arange(len(rows), dtype=np.float32))


def test_training_records_and_parquet_have_the_same_figures(
    tmp_path: Path, rows: npt.NDArray[np.float32]
) -> None:
    write_recordio(tmp_path / "a.rec", rows)
    table = pa.table({"x": rows[:, 0], "y": rows[:, 1]})
    pq.write_table(table, tmp_path / "a.parquet")
    reader = Reader(Format.RECORDIO, names=["x", "y"])
    records, reading = read_profile(str(tmp_path / "a.rec"), reader)
    parquet, _ = read_profile(str(tmp_path / "a.parquet"), Reader())
    assert (reading.objects, reading.rows) == (1, 2_000)
    found = statistics(records)
    assert found == statistics(parquet)
    for feature in found["features"]:
        assert_agrees(feature, table[feature["name"]])


@pytest.mark.parametrize("written", ["{:.9g}", "{!s}", "{:.20f}"])
def test_the_same_numbers_in_decimals_have_not_drifted(
    tmp_path: Path, rows: npt.NDArray[np.float32], written: str
) -> None:
    """A request's 0.1 or 0.100000001 is the training data's float32 0.1."""
    write_recordio(tmp_path / "a.rec", rows)
    names = ["x", "y"]
    profile, _ = read_profile(str(tmp_path / "a.rec"), Reader(Format.RECORDIO, names=names))
    lines = [",".join(written.format(value) for value in row) for row in rows]
    (tmp_path / "b.csv").write_text("\n".join(["x,y", *lines]))
    asked, _ = read_profile(str(tmp_path / "b.csv"), Reader())
    outcome = check(asked, Baseline.of(profile), distance=Distance.SIMPLE, threshold=0.01)
    assert outcome.findings.violations == ()


def test_numbers_that_no_float32_holds_still_differ() -> None:
    small, large = (
        Profile.of([pa.record_batch({"x": pa.array([number] * 100)})]).columns["x"].distribution
        for number in (1e300, 2e300)
    )
    assert numeric_distance(small, large, Distance.SIMPLE) == 1.0
    assert numeric_distance(small, small, Distance.SIMPLE) == 0.0


def test_records_that_do_not_fit_the_columns_are_refused(
    tmp_path: Path, rows: npt.NDArray[np.float32]
) -> None:
    path = tmp_path / "a.rec"
    write_recordio(path, rows)
    with pytest.raises(MonitorError, match=r"a\.rec holds records of 2 features, 3 columns are na"):
        read_profile(str(path), Reader(Format.RECORDIO, names=["x", "y", "z"]))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(MonitorError, match=r"a\.rec holds no dense records: .*record 1999"):
        read_profile(str(path), Reader(Format.RECORDIO, names=["x", "y"]))
    path.write_text("size,count\n1,2\n")
    with pytest.raises(MonitorError, match=r"a\.rec holds no dense records"):
        read_profile(str(path), Reader(Format.RECORDIO, names=["x", "y"]))


def test_sparse_records_are_refused(tmp_path: Path) -> None:
    class Rows:
        indptr, indices = np.array([0, 1]), np.array([1])
        data, shape = np.array([1], np.float32), (1, 2)

    file = io.BytesIO()
    write_csr(file, Rows())
    (tmp_path / "a.rec").write_bytes(file.getvalue())
    with pytest.raises(MonitorError, match="the record is sparse"):
        read_profile(str(tmp_path / "a.rec"), Reader(Format.RECORDIO, names=["x", "y"]))


def test_a_baseline_writes_how_it_is_to_be_compared_with() -> None:
    profile = Profile.of([pa.record_batch({"x": pa.array([1.0, 2.0])})])
    written = Baseline.of(profile, distance=Distance.SIMPLE, threshold=0.25).constraints
    comparing = written["monitoring_config"]["distribution_constraints"]
    assert comparing["comparison_method"] == "Simple"
    assert comparing["comparison_threshold"] == 0.25
    assert comparing["categorical_comparison_threshold"] == 0.25
    with pytest.raises(MonitorError, match="comparison_threshold is 7: use a number from 0 to 1"):
        Baseline.of(profile, threshold=7)
