"""Which files a run writes, and what their columns are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from penstock.channels.errors import PrepareError
from penstock.recordio.spark.layout import SHARD

HOLDOUT = "holdout"
HOLDOUT_ROWS, HOLDOUT_FEATURES = f"{HOLDOUT}/test.csv", f"{HOLDOUT}/test_features.csv"
FILES = re.compile(rf"{SHARD.pattern}|test(_features)?\.csv")


@dataclass(frozen=True)
class Layout:
    """Channels below `output_uri` (it ends with /): <channel>/part-00000.rec and so on.

    The train channel comes first and has `train_shards` parts at most, every other one has one
    part. Rows are numbered by groups: those of a group make one file. Channels that `unlabelled`
    names are written without labels.

    The test channel's rows are also in holdout/. `test_rows` says which of those rows the channel
    itself has: all, or the labelled ones, or none, in which case it is not written. Where it is
    not all, a label may be missing.
    """

    output_uri: str
    channels: tuple[str, ...]
    train_shards: int
    label_column: str
    feature_columns: tuple[str, ...]
    unlabelled: tuple[str, ...] = ()
    id_column: str = "id"
    test_rows: Literal["all", "labelled", "none"] = "all"

    @property
    def folders(self) -> tuple[str, ...]:
        """What lies below the output."""
        return (*self.channels, HOLDOUT)

    @property
    def holdout_features(self) -> str:
        """The held-out rows as a batch transform reads them."""
        return HOLDOUT_FEATURES

    @property
    def row(self) -> dict[str, Any]:
        """What a channel's manifest says of a row, besides its label."""
        columns = list(self.feature_columns)
        return {"features": columns, "width": len(columns), "dtype": "float32"}

    def channel_and_part(self, group: int) -> tuple[str, int]:
        """Which channel and part a group is."""
        if group < self.train_shards:
            return self.channels[0], group
        return self.channels[group - self.train_shards + 1], 0

    def is_labelled(self, channel: str) -> bool:
        """Whether the channel's rows have labels."""
        return channel not in self.unlabelled

    def needs_labels(self, channel: str) -> bool:
        """Whether each of the channel's rows must have a label."""
        return self.is_labelled(channel) and (channel != "test" or self.test_rows == "all")


def named_once(columns: Sequence[str]) -> None:
    """Check a job's column arguments. PrepareError if two of them are the same column."""
    if len(set(columns)) != len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise PrepareError(f"columns are named more than once: {', '.join(twice)}")
