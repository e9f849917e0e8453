"""One shard of a run: RecordIO-protobuf, and for the test channel CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.channels.errors import PrepareError
from penstock.channels.layout import HOLDOUT_ROWS, Layout
from penstock.recordio.spark.layout import shard_name
from penstock.recordio.spark.output_file import OutputFile, Written
from penstock.recordio.spark.store import Store


class Shard:
    """A group's rows in the making; nobody sees the files until the driver publishes them."""

    def __init__(self, group: int, layout: Layout, store: Store) -> None:
        self.group = group
        self.layout = layout
        self.records_read = 0
        self._last_id: str | None = None
        self._records = OutputFile(store, shard_name(*layout.channel_and_part(group)))
        self._holdout = OutputFile(store, HOLDOUT_ROWS)
        self._requests = OutputFile(store, layout.holdout_features)
        self._files = [self._records, self._holdout, self._requests]

    @property
    def channel(self) -> str:
        """The channel that it is a part of."""
        return self.layout.channel_and_part(self.group)[0]

    def add(self, rows: pa.RecordBatch) -> None:
        """Append the rows whose id differs from the row before. PrepareError for a bad row.

        The columns are group, id, label and what `_features` reads.
        """
        if rows.column(1).null_count:
            raise PrepareError(
                f"{rows.column(1).null_count} records have no value in column "
                f"{self.layout.id_column}"
            )
        ids = rows.column(1).to_numpy(zero_copy_only=False)
        # a null becomes NaN here, which `_check` refuses by its column's name
        labels = rows.column(2).to_numpy(zero_copy_only=False)
        features = self._features(rows.column(3))
        self.records_read += len(ids)
        first = np.ones(len(ids), bool)
        first[1:] = ids[1:] != ids[:-1]
        first[0] = ids[0] != self._last_id
        self._last_id = ids[-1]
        ids, labels, features = ids[first], labels[first], features[first]
        if not len(ids):
            return
        self._check(ids, labels, features)
        if self.channel == "test":
            self._hold_out(ids, labels, features)
            kept = self._kept(labels)
            labels, features = labels[kept], features[kept]
        if len(features):
            self._append(labels, features)

    def _features(self, column: pa.Array) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = column.flatten().to_numpy(zero_copy_only=False)
        return values.reshape(len(column), len(self.layout.feature_columns))

    def _append(self, labels: npt.NDArray[Any], features: npt.NDArray[Any]) -> None:
        labelled = self.layout.is_labelled(self.channel)
        self._records.add(features, labels if labelled else None)

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

    def _hold_out(
        self, ids: npt.NDArray[Any], labels: npt.NDArray[Any], features: npt.NDArray[Any]
    ) -> None:
        if not self._holdout.rows:
            write_csv(self._holdout, [["id", "label", *self.layout.feature_columns]])
        # nine digits give a float32 back exactly, and whole numbers stay short
        rows = [[f"{value:.9g}" for value in row] for row in features]
        texts = ("" if np.isnan(label) else f"{label:.17g}" for label in labels)
        names = zip(ids, texts, strict=True)
        write_csv(self._holdout, ([*name, *row] for name, row in zip(names, rows, strict=True)))
        write_csv(self._requests, rows)
        for file in (self._holdout, self._requests):
            file.rows += len(rows)

    @property
    def unique(self) -> int:
        """Records that the channel has."""
        return self._records.rows

    def finish(self) -> list[Written]:
        """The files that it has."""
        finished = (file.finish() for file in self._files)
        return [written for written in finished if written is not None]

    def abort(self) -> None:
        """Drop what was written."""
        for file in self._files:
            file.abort()


def write_csv(file: OutputFile, rows: Iterable[list[str]]) -> None:
    """Append lines."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    file.write(text.getvalue().encode())
