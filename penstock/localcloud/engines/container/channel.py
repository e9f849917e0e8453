"""Reads one channel batch by batch: a FIFO per epoch in Pipe mode, files in File mode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container import trouble
from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.recordio import Reader, RecordIOError, pipe

RECORDIO = "application/x-recordio-protobuf"
CSV = "text/csv"
Batch = tuple[NDArray[np.float32], NDArray[np.float64]]
_Parsed = tuple[NDArray[np.float32], NDArray[np.float64] | None]


@dataclass(frozen=True)
class ChannelRule:
    """What an algorithm takes from one channel.

    `label_sizes`: how many columns of CSV, the first ones, may be labels. Text/csv that does not
    say so in its label_size parameter means `unstated_label_size`; None demands that it is said.
    `distribution` is the S3DataDistributionType that the channel must have, if any.
    """

    algorithm: str
    label_sizes: tuple[int, ...] = (1,)
    unstated_label_size: int | None = 1
    distribution: str | None = None


def channels_of(opt_ml: OptMl, rules: Mapping[str, ChannelRule]) -> dict[str, Channel]:
    """The job's channels; CustomerError for one that has no rule, and without channel train."""
    configured = opt_ml.config("inputdataconfig")
    algorithm = rules["train"].algorithm
    for name in configured:
        if name not in rules:
            raise CustomerError(
                f"channel {name}: {algorithm} knows the channels {', '.join(rules)} only"
            )
    if "train" not in configured:
        raise CustomerError(f"channel train: required by {algorithm}, and not given")
    return {
        name: Channel.from_config(name, config, opt_ml.data, rules[name])
        for name, config in configured.items()
    }


@dataclass
class Channel:
    """One channel of the job; `records` counts what the first epoch held.

    RecordIO-protobuf must carry float32 tensors, CSV has the labels first and no header
    (SageMaker developer guide, cdf-training and linear-learner).
    """

    name: str
    source: pipe.Channel
    content_type: str
    rule: ChannelRule
    label_size: int
    records: int = 0
    _features: int = field(default=0, repr=False)

    @classmethod
    def from_config(
        cls, name: str, config: dict[str, Any], data: Path, rule: ChannelRule
    ) -> Channel:
        """A channel as inputdataconfig.json describes it; raises CustomerError."""
        given = str(config.get("ContentType", RECORDIO))
        content_type, *parameters = [part.strip().lower() for part in given.split(";")]
        if content_type not in (RECORDIO, CSV):
            raise CustomerError(
                f"channel {name}: content type {given!r} is not supported by {rule.algorithm}; "
                f"use {RECORDIO} or {CSV}"
            )
        distribution = config.get("S3DistributionType", rule.distribution)
        if rule.distribution not in (None, distribution):
            raise CustomerError(
                f"channel {name}: {rule.algorithm} does not take S3DataDistributionType "
                f"{distribution} here; use {rule.distribution}"
            )
        size = _label_size(name, given, parameters, rule) if content_type == CSV else 0
        source = pipe.Channel(name, str(config.get("TrainingInputMode", "File")), data)
        return cls(name, source, content_type, rule, size)

    def expect_features(self, features: int) -> None:
        """From now on a record with another number of features is an error; 0 expects nothing."""
        self._features = features

    def batches(self, rows: int, *, may_be_empty: bool = False) -> Iterator[Batch]:
        """(X float32 (n, features), y float64 (n,)) of the next epoch, up to `rows` at a time.

        CustomerError for what the algorithm cannot read, and for a channel without a record
        unless it `may_be_empty` (a host can be left without objects by ShardedByS3Key).
        """
        for features, labels in self._epoch(rows, may_be_empty):
            if labels is None:
                raise CustomerError(
                    f"channel {self.name}: records have no label; {self.rule.algorithm} needs one "
                    "in this channel"
                )
            yield features, labels

    def features(self, rows: int, *, may_be_empty: bool = False) -> Iterator[NDArray[np.float32]]:
        """The same without labels, whether there are some or not."""
        for features, _ in self._epoch(rows, may_be_empty):
            yield features

    def _epoch(self, rows: int, may_be_empty: bool) -> Iterator[_Parsed]:
        epoch = self.source.epoch
        seen = 0
        for stream in self.source.streams():
            parsed = (
                self._recordio(stream, rows)
                if self.content_type == RECORDIO
                else self._csv(stream, rows, seen)
            )
            for features, labels in parsed:
                self._check(features)
                seen += len(features)
                yield features, labels
        if epoch == 0:
            self.records = seen
        if not seen and not may_be_empty:
            raise CustomerError(f"channel {self.name}: there are no records in it")
        if epoch == 0 and self.name == "train":
            trouble.in_the_middle_of_training()

    def _recordio(self, stream: BinaryIO, rows: int) -> Iterator[_Parsed]:
        with self._blaming_the_data():
            for features, labels in Reader(stream).dense_batches(rows):
                if features.dtype != np.float32:
                    raise CustomerError(
                        f"channel {self.name}: records hold {features.dtype.name} values; "
                        f"{self.rule.algorithm} takes float32 tensors only"
                    )
                yield features, None if labels is None else labels.astype(np.float64)

    def _csv(self, stream: BinaryIO, rows: int, before: int) -> Iterator[_Parsed]:
        order = "label first" if self.label_size else "features alone"
        while lines := list(islice(stream, rows)):
            try:
                table = np.loadtxt(lines, delimiter=",", ndmin=2, dtype=np.float64, comments=None)
            except ValueError as error:
                raise CustomerError(
                    f"channel {self.name}: not the CSV that {self.rule.algorithm} takes (numbers "
                    f"only, {order}, no header), in the rows from {before + 1}: {error}"
                ) from None
            if table.shape[1] <= self.label_size:
                raise CustomerError(
                    f"channel {self.name}: row {before + 1} has {table.shape[1]} column; "
                    f"{self.rule.algorithm} takes the label first and then the features"
                )
            before += len(table)
            labels = table[:, 0] if self.label_size else None
            yield table[:, self.label_size :].astype(np.float32), labels

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


def _label_size(name: str, given: str, parameters: list[str], rule: ChannelRule) -> int:
    """The label_size of a CSV channel, stated or not; raises CustomerError."""
    stated = [match[1] for part in parameters if (match := re.fullmatch(r"label_size=(.*)", part))]
    size = stated[0] if stated else rule.unstated_label_size
    if size is not None and str(size) in map(str, rule.label_sizes):
        return int(size)
    allowed = " or ".join(f"{CSV};label_size={size}" for size in rule.label_sizes)
    raise CustomerError(
        f"channel {name}: content type {given!r} does not say which columns are labels as "
        f"{rule.algorithm} takes them here; use {allowed}"
    )
