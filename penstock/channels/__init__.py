"""What jobs that prepare training data share: reading the lake, writing a run's channels.

The two modules that need Spark, `lake` and `spread`, are imported by their names.
"""

from penstock.channels.errors import PrepareError
from penstock.channels.layout import Layout, named_once
from penstock.channels.shard import Shard
from penstock.channels.upload import upload
from penstock.channels.writer import COUNTS_SCHEMA, channel_counts, runs, shard_writer

__all__ = [
    "COUNTS_SCHEMA",
    "Layout",
    "PrepareError",
    "Shard",
    "channel_counts",
    "named_once",
    "runs",
    "shard_writer",
    "upload",
]
