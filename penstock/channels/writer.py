"""What runs on Spark's executors to write a run's files: Arrow batches in, counts out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from penstock.channels.errors import PrepareError
from penstock.channels.layout import Layout
from penstock.channels.shard import Shard
from penstock.recordio.spark.layout import SHARD
from penstock.recordio.spark.output import Output
from penstock.recordio.spark.output_file import Written
from penstock.recordio.spark.store import Store

COUNTS_SCHEMA = "group long, records_read long, unique long, files string, error string"


def shard_writer(
    layout: Layout, store: Store, shard_of: Callable[[int, Layout, Store], Shard] = Shard
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """For mapInArrow: rows as `spread` sorts them in, one row of counts for each shard out.

    A bad record comes back as text instead of an exception: trying again would not mend it.
    """

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        shard: Shard | None = None
        done: list[tuple[Shard, list[Written]]] = []
        error = ""
        try:
            for batch in batches:
                for group, rows in runs(batch):
                    if shard is not None and shard.group != group:
                        done.append((shard, shard.finish()))
                        shard = None
                    if shard is None:
                        shard = shard_of(int(group), layout, store)
                    shard.add(rows)
            if shard is not None:
                done.append((shard, shard.finish()))
        except BaseException as failure:
            if shard is not None:
                shard.abort()
            if not isinstance(failure, PrepareError):
                for file in itertools.chain.from_iterable(files for _, files in done):
                    store.discard(file.name, file.token)
                raise
            error = str(failure)
        yield _counts(done, error)

    return write


def runs(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
    """The stretches of a batch that have the same value in the first column, with that value."""
    keys = batch.column(0).to_numpy(zero_copy_only=False)
    starts = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
    for start, end in itertools.pairwise(starts):
        if end > start:
            yield keys[start], batch.slice(start, end - start)


def _counts(done: list[tuple[Shard, list[Written]]], error: str) -> pa.RecordBatch:
    files = [json.dumps([file.to_json() for file in files]) for _, files in done]
    shards = [shard for shard, _ in done]
    return pa.RecordBatch.from_pydict(
        {
            "group": [shard.group for shard in shards] or [-1],
            "records_read": [shard.records_read for shard in shards] or [0],
            "unique": [shard.unique for shard in shards] or [0],
            "files": files or ["[]"],
            "error": [error] * max(1, len(shards)),
        }
    )


def hold(output: Output, counts: Sequence[Any]) -> None:
    """Hold the files of the writers' counts (rows of COUNTS_SCHEMA) for publication."""
    for row in counts:
        output.hold(_files(row))


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
        channel = channels[layout.channel_and_part(max(row.group, 0))[0]]
        for file in _files(row):
            if SHARD.search(file.name):  # held-out rows alone make no part
                channel["records"] += file.rows
                channel["bytes"] += file.bytes
                channel["parts"] += 1
    return channels


def publish(output: Output, layout: Layout) -> None:
    """Make what is held the run's channels and its held-out files."""
    for name in layout.folders:
        label = layout.label_column if layout.is_labelled(name) else None
        output.publish(name, {**layout.row, "label": label})


def _files(row: Any) -> list[Written]:
    return [Written.from_json(text) for text in json.loads(row.files)]
