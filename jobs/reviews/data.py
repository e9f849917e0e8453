"""The channels' rows, in memory: token ids and labels, shared out among the processes of a job."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from penstock.recordio.pipe import Channel, open_channel

BATCH_ROWS = 4096
IGNORED = -100  # the label that PyTorch's cross_entropy leaves out (its ignore_index)
UNKNOWN_ID = 1  # [UNK]: a filler's only token, so that there is something to attend to
Ids = npt.NDArray[np.int32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """(n, max_tokens) token ids, padded with 0, and (n,) labels."""

    ids: Ids
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, number: int, parts: int) -> Rows:
        """Every `parts`-th row, from row `number` on."""
        return Rows(self.ids[number::parts], self.labels[number::parts])

    def filled(self, rows: int) -> Rows:
        """With fillers behind, that count for nothing: every batch has one shape."""
        missing = rows - len(self)
        if missing <= 0:
            return self
        ids = np.zeros((missing, self.ids.shape[1]), np.int32)
        ids[:, 0] = UNKNOWN_ID
        return Rows(
            np.concatenate([self.ids, ids]),
            np.concatenate([self.labels, np.full(missing, IGNORED, np.int64)]),
        )

    def trimmed(self) -> Rows:
        """Without the columns in which every row has ended."""
        return Rows(self.ids[:, : max(1, int((self.ids != 0).any(axis=0).sum()))], self.labels)


def read(channel: str, *, width: int, part: int = 0, parts: int = 1) -> Rows:
    """One of several parts of the rows that this host has of a channel, `width` tokens each.

    Parts take files in turn or, with fewer files than parts, rows in turn. There may be none, as
    on a host that ShardedByS3Key left without. Fine-tuning sets are small: a million reviews of
    512 tokens are 2 GB.
    """
    source = open_channel(channel)
    if parts > 1 and (source.mode == "Pipe" or len(source.files) >= parts):
        return _read(source, width, part, parts)  # of a FIFO: refused, it has one reader
    return _read(source, width, 0, 1).part(part, parts)


def _read(source: Channel, width: int, part: int, parts: int) -> Rows:
    ids, labels = [np.empty((0, width), np.int32)], [np.empty(0, np.int64)]
    for found, marks in source.batches(BATCH_ROWS, rank=part, world_size=parts):
        if marks is None or not isinstance(found, np.ndarray):
            raise ValueError(f"channel {source.name}: expected rows of token ids with a label each")
        if found.shape[1] != width:
            raise ValueError(
                f"channel {source.name}: its rows have {found.shape[1]} tokens, and tokenizer.json "
                f"of the tokenizer channel says {width}"
            )
        ids.append(np.ascontiguousarray(found, np.int32))
        labels.append(np.asarray(marks).astype(np.int64))
    return Rows(np.concatenate(ids), np.concatenate(labels))


def is_sharded(channel: str) -> bool:
    """Whether each host has only a share of the channel's objects: ShardedByS3Key."""
    root = Path(os.environ.get("OPT_ML", "/opt/ml"))
    config = json.loads((root / "input" / "config" / "inputdataconfig.json").read_text())
    return bool(config[channel].get("S3DistributionType") == "ShardedByS3Key")


def order(rows: int, *, seed: int, epoch: int, lane: int) -> npt.NDArray[np.int64]:
    """The order of a lane's rows in an epoch: the same whoever asks, another in each epoch."""
    return np.random.default_rng((seed, epoch, lane)).permutation(rows)


def seed_of(*numbers: int) -> int:
    """A seed for those numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def steps(rows_of_lanes: list[int], lane_batch: int) -> int:
    """How many steps an epoch has: as many as the longest lane needs."""
    return max(-(-rows // lane_batch) for rows in rows_of_lanes)


def rows_of_step(rows_of_lanes: list[int], lane_batch: int, step: int) -> int:
    """How many rows all lanes together have in a step: near the end it is fewer."""
    return sum(min(lane_batch, max(0, rows - step * lane_batch)) for rows in rows_of_lanes)


def lane_batches(
    rows: Rows, *, lane_batch: int, first: int, count: int, seed: int, epoch: int, lane: int
) -> Iterator[Rows]:
    """A lane's batches from number `first` on, `count` in the epoch, filled up to one size."""
    places = order(len(rows), seed=seed, epoch=epoch, lane=lane)
    for step in range(first, count):
        some = places[step * lane_batch : (step + 1) * lane_batch]
        yield Rows(rows.ids[some], rows.labels[some]).filled(lane_batch)
