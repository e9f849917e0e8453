"""Monitor: a data-quality run over Parquet, against bare pyarrow and datasketches.

The baseline computes the same numbers of the same file in one pass: nulls, sum, mean, spread,
minimum, maximum and a KLL sketch of each numeric column, value counts of each text column. The run
adds the types, the constraints and the comparison with a baseline. Peak memory is that of a process
of its own that does the run and nothing else.

    python -m benchmarks.monitor --rows 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from datasketches import kll_doubles_sketch

from benchmarks.comparison import compare, say, seconds
from penstock.monitor import Baseline, Reader, check, read_profile
from penstock.monitor.distribution import SKETCH_SIZE

ROWS = 200_000
BASELINE_ROWS = 20_000
NUMBERS, TEXTS = 40, 10
ROW_GROUP_ROWS = 100_000
BATCH_ROWS = 65_536
RUNS = 7


def main() -> None:
    """Print the comparison monitor."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--folder-only", help="do one run over this folder, print its figures")
    given = arguments.parse_args()
    if given.folder_only:
        _once(Path(given.folder_only))
        return
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as name:
        folder = Path(name)
        write_folder(folder, given.rows)
        say(f"monitor: {given.rows} rows of {NUMBERS} numbers and {TEXTS} texts")
        baseline = _read_baseline(folder)
        alone = subprocess.run(
            [sys.executable, "-m", "benchmarks.monitor", "--folder-only", str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        compare(
            "monitor",
            what="penstock.monitor: read, profile, check against a baseline",
            baseline="one pass of pyarrow and datasketches for the same statistics and sketches",
            subject=lambda: seconds(lambda: _run(folder, baseline)),
            against=lambda: seconds(lambda: _bare(folder / "data.parquet")),
            runs=given.runs,
            details={
                "rows": given.rows,
                "columns": NUMBERS + TEXTS,
                "sketch_k": SKETCH_SIZE,
                "file_bytes": (folder / "data.parquet").stat().st_size,
                "peak_mb": json.loads(alone.stdout)["peak_mb"],
            },
        ).print()


def write_folder(folder: Path, rows: int) -> None:
    """Write data.parquet with so many rows, and a baseline of other rows like them."""
    _write(folder / "data.parquet", rows)
    _write(folder / "baseline.parquet", BASELINE_ROWS)
    for file, content in _baseline_of(folder / "baseline.parquet").files().items():
        (folder / file).write_bytes(content)


def _run(folder: Path, baseline: Baseline) -> None:
    profile, reading = read_profile(str(folder / "data.parquet"), Reader())
    outcome = check(profile, baseline, reading=reading)
    if len(outcome.findings.distances) != NUMBERS + TEXTS:
        raise RuntimeError(f"compared {len(outcome.findings.distances)} columns")


def _bare(path: Path) -> None:
    sketches = [kll_doubles_sketch(SKETCH_SIZE) for _ in range(NUMBERS)]
    numbers: list[list[Any]] = [[] for _ in range(NUMBERS)]
    texts: list[Counter[str]] = [Counter() for _ in range(TEXTS)]
    names = [f"s{n}" for n in range(TEXTS)]
    file = pyarrow.parquet.ParquetFile(path, pre_buffer=False, read_dictionary=names)
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        for place in range(NUMBERS):
            column = batch.column(place)
            numbers[place].append(
                (
                    column.null_count,
                    pc.sum(column).as_py(),
                    pc.variance(column).as_py(),
                    pc.min_max(column).as_py(),
                )
            )
            values = column.drop_null().to_numpy(zero_copy_only=False)
            sketches[place].update(values if values.flags.writeable else values.copy())
        for place in range(TEXTS):
            for found in pc.value_counts(batch.column(NUMBERS + place)).to_pylist():
                texts[place][found["values"]] += found["counts"]
    if any(sketch.is_empty() for sketch in sketches) or not all(texts):
        raise RuntimeError("a column was not seen")


def _once(folder: Path) -> None:
    baseline = _read_baseline(folder)
    taken = seconds(lambda: _run(folder, baseline))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = pyarrow.parquet.ParquetFile(folder / "data.parquet").metadata.num_rows
    found = {"rows": rows, "seconds": taken, "peak_mb": round(peak)}
    sys.stdout.write(json.dumps(found) + "\n")


def _baseline_of(path: Path) -> Baseline:
    profile, _ = read_profile(str(path), Reader())
    return Baseline.of(profile)


def _read_baseline(folder: Path) -> Baseline:
    return Baseline(
        json.loads((folder / "statistics.json").read_bytes()),
        json.loads((folder / "constraints.json").read_bytes()),
    )


def _write(path: Path, rows: int) -> None:
    """Normal numbers, a fiftieth of them missing, and texts of 50 values."""
    generator = np.random.default_rng(5)
    words = pa.array([f"category-{n}" for n in range(50)])
    names = [f"n{n}" for n in range(NUMBERS)] + [f"s{n}" for n in range(TEXTS)]
    types = [pa.float64()] * NUMBERS + [pa.string()] * TEXTS
    schema = pa.schema(list(zip(names, types, strict=True)))
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, ROW_GROUP_ROWS):
            count = min(ROW_GROUP_ROWS, rows - start)
            columns = [
                pa.array(generator.normal(size=count), mask=generator.random(count) < 0.02)
                for _ in range(NUMBERS)
            ]
            columns += [
                words.take(pa.array(generator.integers(0, len(words), count))) for _ in range(TEXTS)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


if __name__ == "__main__":
    main()
