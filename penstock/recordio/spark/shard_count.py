"""How many shards a channel gets."""

from __future__ import annotations

import math

from penstock.recordio.spark.errors import SparkWriteError


def shard_count(rows: int, record_bytes: int, shard_bytes: int, hosts: int, origin: str) -> int:
    """Shards of about `shard_bytes`, one for each host at least.

    Raises:
        SparkWriteError: there are not enough rows for that.
    """
    if rows < hosts:
        raise SparkWriteError(
            f"{origin} has {rows} rows"
            + (f", too few for a shard on each of {hosts} hosts" if rows else "")
        )
    return min(rows, max(hosts, math.ceil(rows * record_bytes / shard_bytes)))
