"""The entry: a source in, a channel of shards out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.manifest import Manifest
from penstock.recordio.spark.output import Output
from penstock.recordio.spark.results import hold
from penstock.recordio.spark.shard_count import shard_count

MB = 1_000_000


def write(
    source: Any,
    output: str,
    *,
    channel: str = "train",
    features: str | Sequence[str] | None = None,
    label: str | None = None,
    dtype: str = "float32",
    shard_mb: float = 128,
    hosts: int = 1,
) -> Manifest:
    """Write `source` as shards of about `shard_mb` MB (10^6 bytes) to <output>/<channel>/.

    `source` is a DataFrame, or Parquet files: a path, an s3:// prefix, or a list of them. Files
    are read by pyarrow in the tasks of the active Spark session, which is several times faster
    than through a DataFrame; their rows keep their order. A DataFrame's rows are dealt out evenly
    and keep none; its plan runs twice, to count and to write: cache() it where that is dear.

    `features` names number columns, or one column of lists of one length; None stands for all
    columns but `label`. Values are cast to `dtype`, float32, float64 or int32, labels to float32.
    There is a shard for each of `hosts` training machines at least.

    What was in the channel is replaced when all shards are complete, and not before.

    Raises:
        SparkWriteError: no rows, or fewer than hosts; a column that is missing or not of numbers;
            a null or a number that `dtype` cannot hold, with its column, file and row; a channel
            that holds other files.
    """
    if shard_mb <= 0 or hosts < 1:
        raise SparkWriteError(
            f"shard_mb is {shard_mb} and hosts is {hosts}: expected more than 0 and 1 or more"
        )
    # they need pyspark and pyarrow; whoever verifies shards does not
    from penstock.recordio.spark.frame_source import FrameSource
    from penstock.recordio.spark.parquet_source import ParquetSource

    chosen: ParquetSource | FrameSource
    if isinstance(source, str | Sequence):
        chosen = ParquetSource(source, features, label, dtype)
    else:
        chosen = FrameSource(source, features, label, dtype)
    shards = shard_count(
        chosen.rows, chosen.columns.record_bytes, int(shard_mb * MB), hosts, chosen.name
    )
    with Output(output, [channel]) as to:
        made = hold(to, chosen.write(to.store, channel, shards))
        if made < hosts:
            raise SparkWriteError(
                f"{chosen.rows} rows fell into {made} shards, too few for {hosts} hosts"
            )
        return to.publish(channel, chosen.columns.schema())
