"""Reads one channel batch by batch: a FIFO per epoch in Pipe mode, files in File mode."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.linear_learner.errors import CustomerError
from penstock.recordio import Reader, RecordIOError

RECORDIO = "application/x-recordio-protobuf"
CSV = "text/csv"
Batch = tuple[NDArray[np.float32], NDArray[np.float64]]


@dataclass
class Channel:
    """One channel of the job; `records` counts what the first epoch held.

    RecordIO-protobuf must carry float32 tensors, CSV has the label first and no header
    (SageMaker developer guide, linear-learner).
    """

    name: str
    directory: Path
    mode: str
    content_type: str
    records: int = 0
    epochs_read: int = 0
    _features: int = field(default=0, repr=False)

    @classmethod
    def from_config(cls, name: str, config: dict[str, Any], data: Path) -> Channel:
        """A channel as inputdataconfig.json describes it; raises CustomerError."""
        given = str(config.get("ContentType", RECORDIO))
        content_type = given.split(";")[0].strip().lower()
        if content_type not in (RECORDIO, CSV):
            raise CustomerError(
                f"channel {name}: content type {given!r} is not supported by linear-learner; "
                f"use {RECORDIO} or {CSV}"
            )
        return cls(name, data, str(config.get("TrainingInputMode", "File")), content_type)

    def expect_features(self, features: int) -> None:
        """From now on a record with another number of features is an error; 0 expects nothing."""
        self._features = features

    def batches(self, rows: int, *, may_be_empty: bool = False) -> Iterator[Batch]:
        """(X float32 (n, features), y float64 (n,)) of the next epoch, up to `rows` at a time.

        CustomerError for what linear-learner cannot read, and for a channel without a record
        unless it `may_be_empty` (a host can be left without objects by ShardedByS3Key).
        """
        epoch = self.epochs_read
        self.epochs_read += 1
        seen = 0
        for stream in self._streams(epoch):
            with stream:
                parsed = (
                    self._recordio(stream, rows)
                    if self.content_type == RECORDIO
                    else (self._csv(stream, rows, seen))
                )
                for features, labels in parsed:
                    self._check(features)
                    seen += len(labels)
                    yield features, labels
        if epoch == 0:
            self.records = seen
        if not seen and not may_be_empty:
            raise CustomerError(f"channel {self.name}: there are no records in it")

    def _streams(self, epoch: int) -> Iterator[BinaryIO]:
        if self.mode == "Pipe":
            yield open_fifo(self.directory / f"{self.name}_{epoch}")
            return
        folder = self.directory / self.name
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield path.open("rb")

    def _recordio(self, stream: BinaryIO, rows: int) -> Iterator[Batch]:
        with self._blaming_the_data():
            for features, labels in Reader(stream).batches(rows):
                if features.dtype != np.float32:
                    raise CustomerError(
                        f"channel {self.name}: records hold {features.dtype.name} values; "
                        "linear-learner takes float32 tensors only"
                    )
                if labels is None:
                    raise CustomerError(
                        f"channel {self.name}: records have no label; linear-learner is supervised"
                    )
                yield features, labels.astype(np.float64)

    def _csv(self, stream: BinaryIO, rows: int, before: int) -> Iterator[Batch]:
        while lines := list(islice(stream, rows)):
            try:
                table = np.loadtxt(lines, delimiter=",", ndmin=2, dtype=np.float64, comments=None)
            except ValueError as error:
                raise CustomerError(
                    f"channel {self.name}: not the CSV that linear-learner takes (numbers only, "
                    f"label first, no header), in the rows from {before + 1}: {error}"
                ) from None
            if table.shape[1] < 2:
                raise CustomerError(
                    f"channel {self.name}: row {before + 1} has {table.shape[1]} column; "
                    "linear-learner takes the label first and then the features"
                )
            before += len(table)
            yield table[:, 1:].astype(np.float32), table[:, 0]

    def _check(self, features: NDArray[np.float32]) -> None:
        found = features.shape[1]
        if self._features and found != self._features:
            raise CustomerError(
                f"channel {self.name}: records have {found} features, expected {self._features} "
                "(hyperparameter feature_dim, or the first record of channel train when it is auto)"
            )

    @contextmanager
    def _blaming_the_data(self) -> Iterator[None]:
        try:
            yield
        except RecordIOError as error:
            raise CustomerError(f"channel {self.name}: {error}") from error


def open_fifo(path: Path) -> BinaryIO:
    """Open a channel's FIFO; the next epoch's may appear late, so wait until it is there."""
    while True:
        try:
            return path.open("rb", buffering=1 << 20)
        except FileNotFoundError:
            time.sleep(0.005)
