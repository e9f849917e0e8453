"""A DataFrame as a source: whatever its plan is, its rows are dealt out evenly, a part to a task.

Spark sends the rows to Python as Arrow batches, lists of numbers in one column about twice as fast
as a column for each number.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.types import to_arrow_schema

from penstock.recordio.spark.columns import Columns, chosen_columns
from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.layout import shard_name
from penstock.recordio.spark.results import told
from penstock.recordio.spark.shard_file import Rows, write_shard
from penstock.recordio.spark.store import Store

RESULT = "result string"


class FrameSource:
    """A DataFrame and the columns that are written of it. SparkWriteError if they do not fit."""

    name = "the DataFrame"

    def __init__(
        self, frame: Any, features: str | Sequence[str] | None, label: str | None, dtype: str
    ) -> None:
        types = [(field.name, field.type) for field in to_arrow_schema(frame.schema)]
        names, of_lists = chosen_columns(types, features, label, dtype, self.name)
        counts = [F.count(F.lit(1))]
        if of_lists:
            counts.append(F.max(F.size(frame[names[0]])))
        self.rows, *widths = frame.agg(*counts).first()
        width = int(widths[0] or 0) if of_lists else len(names)
        if of_lists and self.rows and width < 1:
            raise SparkWriteError(f"column {names[0]} has empty lists only")
        self.columns = Columns(names, label, dtype, max(width, 1), of_lists)
        self._frame = frame

    def write(self, store: Store, channel: str, shards: int) -> list[str]:
        """Results of the tasks, one for each part that has rows."""
        columns = self.columns

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            full = (batch for batch in batches if batch.num_rows)
            first = next(full, None)
            if first is None:
                return
            number = TaskContext.get().partitionId()
            rows = _arrays(itertools.chain([first], full), columns, f"partition {number}")
            name, origin = shard_name(channel, number), f"partition {number}"
            result = told(lambda: write_shard(store, name, rows, origin))
            yield pa.RecordBatch.from_pydict({"result": [result]})

        # a number that is asked for is kept to: adaptive execution joins no partitions of these
        dealt = self._frame.select(*columns.names).repartition(shards)
        return [row.result for row in dealt.mapInArrow(task, RESULT).collect()]


def _arrays(batches: Iterable[pa.RecordBatch], columns: Columns, origin: str) -> Iterator[Rows]:
    first = 0
    for batch in batches:

        def where(index: int, first: int = first) -> str:
            return f"row {first + index} of {origin}"

        yield columns.arrays(batch, where)
        first += len(batch)
