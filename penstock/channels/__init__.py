"""What jobs that prepare training data share: reading the lake, writing a run's channels.

The modules that need Spark, `lake`, `split` and `spread`, are imported by their names; so is
`text`, which only texts need.
"""

from penstock.channels.errors import PrepareError
from penstock.channels.layout import FILES, Layout, named_once
from penstock.channels.shard import Shard
from penstock.channels.upload import upload
from penstock.channels.writer import (
    COUNTS_SCHEMA,
    channel_counts,
    hold,
    publish,
    runs,
    shard_writer,
)

__all__ = [
    "COUNTS_SCHEMA",
    "FILES",
    "Layout",
    "PrepareError",
    "Shard",
    "channel_counts",
    "hold",
    "named_once",
    "publish",
    "runs",
    "shard_writer",
    "upload",
]
