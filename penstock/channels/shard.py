"""One output file of a run: RecordIO-protobuf, and for the test channel CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.channels.errors import PrepareError
from penstock.channels.layout import Layout
from penstock.channels.upload import upload
from penstock.recordio import write_dense


@dataclass
class Shard:
    """One output file in the making, on the executor's disk; uploaded when it is complete."""

    group: int
    layout: Layout
    folder: Path
    records_read: int = 0
    unique: int = 0
    size: int = 0
    last_id: str | None = None
    _files: dict[str, Any] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """The channel that it is a part of."""
        return self.layout.channel_and_part(self.group)[0]

    def add(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        """Append the rows whose id differs from the row before. PrepareError for a bad row."""
        self.records_read += len(ids)
        first = np.ones(len(ids), bool)
        first[1:] = ids[1:] != ids[:-1]
        first[0] = ids[0] != self.last_id
        self.last_id = ids[-1]
        ids, labels, features = ids[first], labels[first], features[first]
        if not len(ids):
            return
        self._check(ids, labels, features)
        if self.channel == "test":
            self._append_holdout(ids, labels, features)
            kept = self._kept(labels)
            labels, features = labels[kept], features[kept]
        if len(features):
            labelled = self.layout.is_labelled(self.channel)
            self.unique += len(features)
            self.size += write_dense(self._file("rec"), features, labels if labelled else None)

    def _check(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        needed = self.layout.needs_labels(self.channel)
        columns = [*([self.layout.label_column] if needed else []), *self.layout.feature_columns]
        values = np.column_stack([labels, features]) if needed else features
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            names = [
                name
                for name, value in zip(columns, values[row], strict=True)
                if not np.isfinite(value)
            ]
            raise PrepareError(
                f"record {ids[row]} has no finite number in column {', '.join(names)} "
                f"({int(bad.sum())} records in this part)"
            )

    def _kept(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which held-out rows the test channel has."""
        if self.layout.test_rows == "none":
            return np.zeros(len(labels), bool)
        known: npt.NDArray[np.bool_] = ~np.isnan(labels)
        return known

    def _append_holdout(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        if "csv" not in self._files:
            self._write_csv("csv", [["id", "label", *self.layout.feature_columns]])
        # nine digits give a float32 back exactly, and whole numbers stay short
        rows = [[f"{value:.9g}" for value in row] for row in features]
        texts = ("" if np.isnan(label) else f"{label:.17g}" for label in labels)
        names = zip(ids, texts, strict=True)
        self._write_csv("csv", ([*name, *row] for name, row in zip(names, rows, strict=True)))
        self._write_csv("features.csv", rows)

    def _write_csv(self, suffix: str, rows: Iterable[list[str]]) -> None:
        text = io.TextIOWrapper(self._file(suffix), newline="", write_through=True)
        csv.writer(text, lineterminator="\n").writerows(rows)
        text.detach()

    def _file(self, suffix: str) -> Any:
        if suffix not in self._files:
            self._files[suffix] = (self.folder / f"{self.group}.{suffix}").open("w+b")
        return self._files[suffix]

    def upload(self, s3: Any) -> None:
        """Put the finished files where they belong, with a boto3 client for S3."""
        channel, part = self.layout.channel_and_part(self.group)
        names = {
            "rec": f"{channel}/part-{part:05d}.rec",
            "csv": "holdout/test.csv",
            "features.csv": "holdout/test_features.csv",
        }
        for suffix, file in self._files.items():
            with file:
                file.seek(0)
                upload(s3, file, self.layout.output_uri + names[suffix])
