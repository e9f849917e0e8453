"""What runs on Spark's executors to write a run's files: Arrow batches in, counts out."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.channels.errors import PrepareError
from penstock.channels.layout import Layout
from penstock.channels.shard import Shard

COUNTS_SCHEMA = "group long, records_read long, unique long, bytes long, error string"


def shard_writer(
    layout: Layout,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """For mapInArrow: rows as `spread` sorts them in, one row of counts for each file out.

    A bad record comes back as text instead of an exception: trying again would not mend it.
    """

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = boto3.client("s3")
        shard: Shard | None = None
        done: list[Shard] = []
        with tempfile.TemporaryDirectory() as folder:
            try:
                for batch in batches:
                    for group, rows in runs(batch):
                        if shard is None or shard.group != group:
                            if shard is not None:
                                shard.upload(s3)
                            shard = Shard(int(group), layout, Path(folder))
                            done.append(shard)
                        shard.add(*_columns(rows, layout))
                if shard is not None:
                    shard.upload(s3)
            except PrepareError as error:
                yield _counts([], str(error))
                return
        yield _counts(done, "")

    return write


def runs(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
    """The stretches of a batch that have the same value in the first column, with that value."""
    keys = batch.column(0).to_numpy(zero_copy_only=False)
    starts = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
    for start, end in itertools.pairwise(starts):
        if end > start:
            yield keys[start], batch.slice(start, end - start)


def _columns(
    rows: pa.RecordBatch, layout: Layout
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    if rows.column(1).null_count:
        raise PrepareError(
            f"{rows.column(1).null_count} records have no value in column {layout.id_column}"
        )
    ids = rows.column(1).to_numpy(zero_copy_only=False)
    # a null becomes NaN here, which `Shard.add` refuses by its column's name
    labels = rows.column(2).to_numpy(zero_copy_only=False)
    values = rows.column(3).flatten().to_numpy(zero_copy_only=False)
    return ids, labels, values.reshape(len(ids), len(layout.feature_columns))


def _counts(shards: list[Shard], error: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "group": [shard.group for shard in shards] or [-1],
            "records_read": [shard.records_read for shard in shards] or [0],
            "unique": [shard.unique for shard in shards] or [0],
            "bytes": [shard.size for shard in shards] or [0],
            "error": [error] * max(1, len(shards)),
        }
    )


def channel_counts(counts: Sequence[Any], layout: Layout) -> dict[str, dict[str, int]]:
    """Records, bytes and parts of each channel, of the writers' counts (rows of COUNTS_SCHEMA).

    Raises:
        PrepareError: a writer met a bad record.
    """
    for row in counts:
        if row.error:
            raise PrepareError(row.error)
    channels = {name: {"records": 0, "bytes": 0, "parts": 0} for name in layout.channels}
    for row in counts:
        if row.unique:  # held-out rows alone make no part
            channel = channels[layout.channel_and_part(row.group)[0]]
            channel["records"] += row.unique
            channel["bytes"] += row.bytes
            channel["parts"] += 1
    return channels
