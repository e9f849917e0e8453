"""Train, validation and test: which record belongs where, and what is said of the three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from penstock.channels.errors import PrepareError
from penstock.channels.layout import HOLDOUT_ROWS, Layout
from penstock.channels.spread import CHANNEL_DIGITS, PART_DIGITS, hash_part
from penstock.channels.writer import channel_counts

CHANNELS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Percents of the three channels, and how many files the first one has at most."""

    percents: tuple[int, int, int]
    train_shards: int

    @classmethod
    def parse(cls, text: str, train_shards: int) -> Split:
        """From a job's argument, like 70,15,15. PrepareError for anything else."""
        parts = text.split(",")
        if len(parts) == 3 and all(part.strip().isdigit() for part in parts):
            train, validation, test = (int(part) for part in parts)
            if train + validation + test == 100 and min(train, validation, test) > 0:
                return cls((train, validation, test), train_shards)
        raise PrepareError(
            f"--split is {text!r}: expected three percents above 0 that make 100, like 70,15,15"
        )

    @property
    def group(self) -> Column:
        """The number of the file that a record belongs to, by the hash of its id."""
        train, validation, _ = self.percents
        percent = hash_part(CHANNEL_DIGITS) % 100
        # a null id has no hash: it travels in the last group, whose writer refuses it
        return (
            F.when(percent < train, hash_part(PART_DIGITS) % self.train_shards)
            .when(percent < train + validation, self.train_shards)
            .otherwise(self.train_shards + 1)
        )


def summary_of(
    counts: Sequence[Any], layout: Layout, split: Split, records_uri: str
) -> dict[str, Any]:
    """What summary.json says of every run. PrepareError for a bad record or an empty channel."""
    channels = channel_counts(counts, layout)
    records_read = sum(row.records_read for row in counts)
    unique = sum(row.unique for row in counts)
    empty = [name for name, channel in channels.items() if not channel["records"]]
    if not records_read:
        raise PrepareError(f"no records below {records_uri}")
    if empty:
        raise PrepareError(
            f"{unique} records are too few: nothing falls into {' and '.join(empty)} "
            f"with the split {','.join(map(str, split.percents))}"
        )
    return {
        "records_read": records_read,
        "unique": unique,
        "duplicates": records_read - unique,
        "channels": channels,
        "label_column": layout.label_column,
        "feature_columns": list(layout.feature_columns),
        "split_percent": dict(zip(CHANNELS, split.percents, strict=True)),
        "holdout_uri": layout.output_uri + HOLDOUT_ROWS,
    }
