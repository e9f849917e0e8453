"""RecordIO-protobuf read as rows, to be written as something else."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from functools import partial

from penstock.recordio.files.batch import LABEL_WORDS, Batch, rows_of_bytes
from penstock.recordio.files.forms import check_keys
from penstock.recordio.frame import HEADER_BYTES, MAX_LENGTH
from penstock.recordio.reader import Reader
from penstock.recordio.rows import DenseRows, Rows, SparseRows


class RecordSource:
    """Dense and sparse records with the single feature "values" and one label or none.

    RecordIOError names record and byte for others (several features, bytes, records of different
    kinds) and for what is broken; FilesError names the record for a key that comes twice.
    """

    def __init__(self, stream: io.BufferedReader, *, with_label: bool) -> None:
        self._stream = stream
        self._with_label = with_label
        self._reader = Reader(stream)
        self.feature_names = None
        self.label_name = None

    @property
    def left_out(self) -> Sequence[str]:
        """How many records have a text, which has no column."""
        count = self._reader.texts_left_out
        return [f"{count} records' uid, metadata or configuration are left out"] if count else []

    def batches(self) -> Iterator[Batch]:
        """Some megabytes at a time, by the size of the first record."""
        head = self._stream.peek(HEADER_BYTES)[:HEADER_BYTES]
        size = struct.unpack("<II", head)[1] & MAX_LENGTH if len(head) == HEADER_BYTES else 1
        first = 0
        for rows in self._reader.row_batches(rows_of_bytes(size)):
            row_words = partial(_row_words, first)
            if isinstance(rows, SparseRows):
                check_keys(rows, row_words)
            yield Batch(self._chosen(rows), row_words, _column_words)
            first += len(rows)

    def _chosen(self, rows: Rows) -> Rows:
        if self._with_label or rows.labels is None:
            return rows
        if isinstance(rows, DenseRows):
            return DenseRows(rows.values, None)
        return SparseRows(rows.pointers, rows.indices, rows.values, rows.columns, None)


def _row_words(first: int, row: int) -> str:
    return f"record {first + row}"


def _column_words(feature: int | None) -> str:
    return LABEL_WORDS if feature is None else f"value {feature}"
