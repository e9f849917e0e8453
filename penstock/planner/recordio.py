"""RecordIO-protobuf: the bytes of a row, and into how many files a channel goes."""

from __future__ import annotations

from penstock.catalog.facts import counted, in_words
from penstock.planner.figure import Figure
from penstock.planner.rounding import whole

CONTENT_TYPE = "application/x-recordio-protobuf"
_HEADER = 8  # magic and length
_KEY = 8  # the map's key "values", with its tag and length
_LABEL = 20  # one float32
_FORMAT = "SageMaker developer guide, common data formats for training (RecordIO-protobuf)"


def row_bytes(features: int) -> int:
    """Bytes of a dense float32 row with a label, header and padding included."""
    values = _field(4 * features)
    tensor = _field(_field(values))  # the tensor in a value, the value in a map's entry
    payload = _field(_KEY + tensor) + _LABEL
    return _HEADER + 4 * whole(payload / 4)


def _field(length: int) -> int:
    """Bytes of a length-delimited field: tag, length, content."""
    return 1 + max(1, whole(length.bit_length() / 7)) + length


def train_shards(*, hosts: int, tasks: int) -> int:
    """Files of the train channel: each task has one to write, each host as many to read.

    ShardedByS3Key hands out whole objects, so with fewer files than hosts some get nothing.
    """
    return hosts * whole(max(hosts, tasks) / hosts)


def figures(*, features: int | None, records: float, hosts: int, tasks: int) -> list[Figure]:
    """A channel's size and files; `features` None: it is not RecordIO, and its size unknown.

    `records` are those of a training.
    """
    shards = train_shards(hosts=hosts, tasks=tasks)
    count, each = in_words(round(records)), ""
    gb = None
    if features is None:
        because = f"{count} rows that are not RecordIO: their bytes depend on their values"
    else:
        size = row_bytes(features)
        gb = records * size / 1e9
        because = (
            f"{count} rows x {size} bytes ({features} float32 features, a label); the train "
            "channel has most of it"
        )
        each = f"; {in_words(round(gb * 1000 / shards, 3))} MB each"
    return [
        Figure(
            "training.channel_gb",
            None if gb is None else round(gb, 3),
            "GB",
            because,
            source=(_FORMAT,),
        ),
        Figure(
            "training.train_shards",
            shards,
            "files",
            f"{counted(tasks, 'task')} to write, {counted(hosts, 'host')} to read, each as much as "
            f"the others: train_shards of the prepare job's arguments{each}",
            source=("SageMaker developer guide, S3DataDistributionType (whole objects, ~1/n)",),
        ),
    ]
