"""Parquet files or a DataFrame to shards of RecordIO-protobuf, by a Spark cluster's tasks.

No code runs on the Java side. See docs/recordio.md, "From Spark", and output.py for why no
attempt of a task can leave a half shard or a second one.
"""

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.manifest import Manifest, Shard, read_manifest, verify
from penstock.recordio.spark.write import write

__all__ = ["Manifest", "Shard", "SparkWriteError", "read_manifest", "verify", "write"]
