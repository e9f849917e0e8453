"""Parquet files as a source: one task for each shard, which reads its own files with pyarrow.

The plan is made of the footers before any task runs, so what a shard holds depends on the files
alone. Files that change meanwhile end the run.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark import SparkContext

from penstock.recordio.spark.layout import shard_name
from penstock.recordio.spark.parquet_files import parquet_files
from penstock.recordio.spark.parquet_plan import Piece, columns_of, plan, read_footers
from penstock.recordio.spark.parquet_rows import read_piece
from penstock.recordio.spark.results import told
from penstock.recordio.spark.shard_file import write_shard
from penstock.recordio.spark.store import Store


class ParquetSource:
    """Files and the columns that are written of them. SparkWriteError if they do not fit."""

    def __init__(
        self,
        source: str | Sequence[str],
        features: str | Sequence[str] | None,
        label: str | None,
        dtype: str,
    ) -> None:
        self.name = source if isinstance(source, str) else ", ".join(source)
        self._footers = read_footers(parquet_files(source))
        self.rows = sum(footer.rows for footer in self._footers)
        self.columns = columns_of(self._footers, features, label, dtype)

    def write(self, store: Store, channel: str, shards: int) -> list[str]:
        """Results of the tasks, one for each shard."""
        columns = self.columns

        def task(part: tuple[int, list[Piece]]) -> str:
            number, pieces = part
            name = shard_name(channel, number)
            rows = (batch for piece in pieces for batch in read_piece(piece, columns))
            origin = ", ".join(piece.file.uri for piece in pieces)
            return told(lambda: write_shard(store, name, rows, origin))

        parts = list(enumerate(plan(self._footers, shards)))
        context = SparkContext.getOrCreate()
        found: list[str] = context.parallelize(parts, len(parts)).map(task).collect()
        return found
