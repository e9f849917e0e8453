"""What a Spark program does with penstock.recordio.spark; it runs in an environment with pyspark.

python -m tests.offline.recordio_spark_program FOLDER: results are a JSON document, the last line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark import TaskContext
from pyspark.sql import SparkSession

from penstock.recordio.spark import Manifest, SparkWriteError, output, verify, write
from penstock.recordio.spark.local_store import LocalStore

COLUMNS = ["a", "b", "y"]


def table(first: int, rows: int) -> pa.Table:
    numbers = np.arange(first, first + rows)
    return pa.table({"a": numbers, "b": numbers / 4, "y": numbers % 5})


class FlakyAttempt:
    """Half of what it is given first, and the machine is gone, if this is a task's first attempt.

    The machine does not clean up.
    """

    def __init__(self, attempt: Any, trace: Path) -> None:
        self._attempt = attempt
        self._trace = trace

    def write(self, data: memoryview) -> None:
        context = TaskContext.get()
        if context.attemptNumber() == 0:
            self._attempt.write(data[: len(data) // 2])
            (self._trace / f"{context.partitionId()}").touch()
            raise OSError("a machine goes")
        self._attempt.write(data)

    def finish(self) -> str:
        return self._attempt.finish()

    def abort(self) -> None:
        pass


class FlakyStore(LocalStore):
    """The first attempt at each partition dies in the middle of its output."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self._trace = Path(uri).parent / f"{Path(uri).name}-died"
        self._trace.mkdir(exist_ok=True)

    def begin(self, name: str) -> Any:
        return FlakyAttempt(super().begin(name), self._trace)


def shards(manifest: Manifest) -> list[int]:
    return [shard.rows for shard in manifest.shards]


def refusal(*arguments: Any, **options: Any) -> str:
    try:
        write(*arguments, **options)
    except SparkWriteError as error:
        return str(error)
    return "it was written"


def main(folder: Path) -> None:
    # a failing task gets a second attempt and a third
    spark = SparkSession.builder.master("local[2,3]").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    # several batches to a task, so that it has a middle
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    found: dict[str, Any] = {"version": pyspark.__version__}

    def to(name: str) -> str:
        return str(folder / name)

    source = folder / "in"
    source.mkdir()
    sizes = [1, 20_000, 0, 300, 5000]
    for number, rows in enumerate(sizes):
        pq.write_table(table(100_000 * number, rows), source / f"{number}.parquet", 3000)
    files, options = str(source), {"label": "y", "shard_mb": 0.3}
    found["files"] = shards(write(files, to("files"), **options))
    found["hosts"] = shards(write(files, to("hosts"), label="y", hosts=3))
    write(files, to("again"), **options)
    found["again"] = shards(write(files, to("again"), **{**options, "shard_mb": 0.7}))

    frame = spark.read.parquet(files).where("y < 4").selectExpr("a", "b", "y")
    found["frame"] = shards(write(frame, to("frame"), hosts=3, **options))
    listed = frame.orderBy("a").selectExpr("y", "array(float(a), float(b)) AS x")
    found["listed"] = shards(write(listed, to("listed"), hosts=3, **options, features="x"))

    output.open_store = FlakyStore
    found["flaky"] = shards(write(files, to("flaky"), **options))
    found["flaky frame"] = shards(write(frame, to("flaky-frame"), hosts=3, **options))
    output.open_store = LocalStore

    def fails(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
            raise OSError("nothing helps")

    try:
        write(frame.mapInArrow(fails, frame.schema), to("again"), **options)
    except Exception as error:  # noqa: BLE001  (a Py4J error or one of pyspark's, by version)
        found["failed"] = "nothing helps" in str(error)

    (folder / "empty").mkdir()
    pq.write_table(table(0, 0), folder / "empty" / "0.parquet")
    holes = frame.selectExpr("a", "IF(a = 100050, NULL, b) AS b", "y").where("a > 100000")
    found["refused"] = {
        "empty": refusal(str(folder / "empty"), to("none"), label="y"),
        "empty frame": refusal(frame.where("a < 0"), to("none"), label="y"),
        "few": refusal(frame.limit(2), to("none"), label="y", hosts=3),
        "null": refusal(holes, to("none"), label="y"),
        "column": refusal(frame, to("none"), label="z"),
        "text": refusal(frame.selectExpr("a", "'x' AS b", "y"), to("none"), label="y"),
        "whole": refusal(files, to("none"), label="y", dtype="int32"),
    }
    found["verified"] = {
        name: verify(to(name)).rows
        for name in ("files", "hosts", "again", "frame", "listed", "flaky", "flaky-frame")
    }
    spark.stop()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
