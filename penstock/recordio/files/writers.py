"""Writers of CSV, JSON lines, libsvm and RecordIO-protobuf."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np

from penstock.recordio.checks import write_all
from penstock.recordio.dense import write_dense
from penstock.recordio.files.columns import LABEL
from penstock.recordio.files.forms import as_dense, as_sparse
from penstock.recordio.rows import DenseRows, Labels, Rows, SparseRows
from penstock.recordio.sparse import CSRParts, write_csr


@dataclass(frozen=True)
class Names:
    """What the columns are called; made up where the source has no names."""

    features: Sequence[str] | None
    label: str | None

    def feature(self, at: int) -> str:
        """f0, f1 ... without names."""
        return f"f{at}" if self.features is None else self.features[at]

    def all(self, rows: Rows) -> list[str]:
        """The label's first, if rows have one."""
        width = rows.values.shape[1] if isinstance(rows, DenseRows) else rows.columns
        label = [] if rows.labels is None else [self.label or LABEL]
        return label + [self.feature(at) for at in range(width)]


class Writer(Protocol):
    """Takes rows in order."""

    def write(self, rows: Rows) -> None:
        """Append rows."""

    def close(self) -> None:
        """Write what is still to be written; the file stays open."""


class RecordWriter:
    """Dense rows as dense records, sparse ones as sparse records."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rows: Rows) -> None:
        """As write_dense and write_csr; labels keep their type."""
        label_dtype = np.float32 if rows.labels is None else rows.labels.dtype
        if isinstance(rows, DenseRows):
            write_dense(self._file, rows.values, rows.labels, label_dtype=label_dtype)
        else:
            shape = (len(rows), rows.columns)
            matrix = CSRParts(rows.pointers, rows.indices, rows.values, shape)
            write_csr(self._file, matrix, rows.labels, label_dtype=label_dtype)

    def close(self) -> None:
        """Nothing is left."""


class CsvWriter:
    """SageMaker's CSV: the label first, no line of names (unless `names` are given)."""

    def __init__(self, file: BinaryIO, names: Names | None) -> None:
        self._file = file
        self._names = names

    def write(self, rows: Rows) -> None:
        """NaN and infinite numbers are nan, inf and -inf."""
        from penstock.recordio.files.text import digits, joined, row_pointers, write_lines

        if self._names is not None:
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(self._names.all(rows))
            write_all(self._file, line.getvalue().encode())
            self._names = None
        for part in as_dense(rows):
            values = joined(row_pointers(part.values), digits(part.values), ",")
            if part.labels is None:
                write_lines(self._file, values)
            else:
                write_lines(self._file, digits(part.labels), ",", values)

    def close(self) -> None:
        """Nothing is left."""


class JsonWriter:
    """SageMaker's dense and sparse JSON lines with the label beside the features.

    With `names` every line is a plain object of columns instead.
    """

    def __init__(self, file: BinaryIO, names: Names | None) -> None:
        self._file = file
        self._names = names

    def write(self, rows: Rows) -> None:
        """All numbers are finite, see check_fits."""
        if self._names is not None:
            for part in as_dense(rows):
                self._objects(part, self._names)
        elif isinstance(rows, DenseRows):
            self._dense(rows)
        else:
            self._sparse(rows)

    def close(self) -> None:
        """Nothing is left."""

    def _dense(self, rows: DenseRows) -> None:
        from penstock.recordio.files.text import joined, json_digits, row_pointers, write_lines

        values = joined(row_pointers(rows.values), json_digits(rows.values), ", ")
        write_lines(self._file, '{"features": [', values, "]", *_label_part(rows.labels), "}")

    def _sparse(self, rows: SparseRows) -> None:
        from penstock.recordio.files.text import digits, joined, json_digits, write_lines

        keys = joined(rows.pointers, digits(rows.indices), ", ")
        values = joined(rows.pointers, json_digits(rows.values), ", ")
        write_lines(
            self._file,
            '{"data": {"features": {"keys": [',
            keys,
            f'], "shape": [{rows.columns}], "values": [',
            values,
            "]}}",
            *_label_part(rows.labels),
            "}",
        )

    def _objects(self, rows: DenseRows, names: Names) -> None:
        from penstock.recordio.files.text import json_digits, write_lines

        columns = [] if rows.labels is None else [rows.labels]
        columns += list(rows.values.T)
        parts: list[Any] = []
        for name, column in zip(names.all(rows), columns, strict=True):
            parts += [f"{', ' if parts else '{'}{json.dumps(name)}: ", json_digits(column)]
        write_lines(self._file, *parts, "}")


class LibsvmWriter:
    """`label index:value ...` with the values that are not zero; indices from `first_index`."""

    def __init__(self, file: BinaryIO, first_index: int) -> None:
        self._file = file
        self._first_index = first_index

    def write(self, rows: Rows) -> None:
        """All rows have a label, see check_fits."""
        import pyarrow.compute as pc

        from penstock.recordio.files.text import digits, joined, write_lines

        assert rows.labels is not None, "refused by check_fits"
        sparse = as_sparse(rows)
        indices = sparse.indices.astype(np.int64) + self._first_index
        entries = pc.binary_join_element_wise(digits(indices), digits(sparse.values), ":")
        texts = joined(sparse.pointers, entries, " ")
        write_lines(self._file, digits(rows.labels), " ", texts)

    def close(self) -> None:
        """Nothing is left."""


def _label_part(labels: Labels) -> list[Any]:
    from penstock.recordio.files.text import json_digits

    return [] if labels is None else [', "label": ', json_digits(labels)]
