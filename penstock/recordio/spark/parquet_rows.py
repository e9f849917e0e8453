"""What a task reads of its pieces of Parquet files."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.parquet as pq

from penstock.recordio.spark.columns import Columns
from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.parquet_plan import Piece
from penstock.recordio.spark.shard_file import Rows
from penstock.recordio.spark.store import is_s3

BATCH_BYTES = 2 << 20  # of features at a time: they stay in the cache


def read_piece(piece: Piece, columns: Columns) -> Iterator[Rows]:
    """A piece's rows in batches."""
    batch_rows = max(1, BATCH_BYTES // columns.record_bytes)
    skip, left, row = piece.skip, piece.rows, piece.first_row
    # read ahead in few large ranges where each costs a request; from a disk that is a copy more
    with pq.ParquetFile(piece.file.open(), pre_buffer=is_s3(piece.file.uri)) as parquet:
        batches = parquet.iter_batches(
            batch_size=batch_rows,
            row_groups=list(piece.groups),
            columns=columns.names,
            use_threads=False,
        )
        for batch in batches:
            part = batch.slice(min(skip, len(batch)), left)
            skip -= min(skip, len(batch))
            if not len(part):
                continue
            first = row

            def where(index: int, first: int = first) -> str:
                return f"row {first + index} of {piece.file.uri}"

            yield columns.arrays(part, where)
            row += len(part)
            left -= len(part)
            if not left:
                return
    raise SparkWriteError(f"{piece.file.uri} has {left} rows fewer than its footer says")
