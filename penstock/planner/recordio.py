"""RecordIO-protobuf: the bytes of a row, and into how many files a channel goes."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import counted, in_words
from penstock.planner.figure import Figure
from penstock.planner.rounding import whole

CONTENT_TYPE = "application/x-recordio-protobuf"
_HEADER = 8  # magic and length
_KEY = 8  # the map's key "values", with its tag and length
_LABEL = 20  # one float32
_TOKEN_BYTES = 3  # an int32 is a varint of 7 bits a byte: what is below 2,097,152 takes 3 at most
_FORMAT = "SageMaker developer guide, common data formats for training (RecordIO-protobuf)"


def row_bytes(features: int) -> int:
    """Bytes of a dense float32 row with a label, header and padding included."""
    return _row(4 * features)


def token_row_bytes(tokens: int) -> int:
    """The same of int32 token ids, which take fewer bytes the smaller they are: at most so many."""
    return _row(_TOKEN_BYTES * tokens)


def _row(value_bytes: int) -> int:
    values = _field(value_bytes)
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


@dataclass(frozen=True)
class Row:
    """A row's bytes, None where nothing tells them, and what they are of."""

    size: int | None
    what: str

    @classmethod
    def of_features(cls, features: int) -> Row:
        """Dense float32 features with a label."""
        return cls(row_bytes(features), f"{features} float32 features, a label")

    @classmethod
    def of_tokens(cls, tokens: int) -> Row:
        """The token ids of a text with a label."""
        what = f"{tokens} token ids of {_TOKEN_BYTES} bytes at most, a label"
        return cls(token_row_bytes(tokens), what)

    @classmethod
    def unknown(cls) -> Row:
        """Of CSV, or of a job that does not say."""
        return cls(None, "their bytes depend on their values")


def figures(*, row: Row, records: float, hosts: int, tasks: int) -> list[Figure]:
    """A channel's size and files; `records` are those of a training."""
    shards = train_shards(hosts=hosts, tasks=tasks)
    count, each = in_words(round(records)), ""
    gb = None
    if row.size is None:
        because = f"{count} rows of no known length: {row.what}"
    else:
        gb = records * row.size / 1e9
        because = f"{count} rows x {row.size} bytes ({row.what}); the train channel has most of it"
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
