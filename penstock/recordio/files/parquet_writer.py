"""Parquet written row group by row group: a column for each feature, or lists of sparse rows."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.recordio.arrow import COLUMNS, KEYS, VALUES
from penstock.recordio.files.columns import LABEL
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.forms import as_dense
from penstock.recordio.files.writers import Names
from penstock.recordio.rows import DenseRows, Rows, SparseRows

ROW_GROUP_BYTES = 64 << 20


class ParquetWriter:
    """Dense rows as columns of their names (f0, f1 ... without), the label's first.

    Sparse rows are the columns keys, values and label, as penstock.recordio.arrow has them.
    """

    def __init__(self, file: BinaryIO, names: Names) -> None:
        self._file = file
        self._names = names
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._waiting_bytes = 0

    def write(self, rows: Rows) -> None:
        """FilesError where dense rows follow sparse ones."""
        if isinstance(rows, SparseRows):
            self._add(self._sparse(rows))
        else:
            for part in as_dense(rows):
                self._add(self._dense(part))

    def close(self) -> None:
        """The last row group, and the file's end."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _add(self, table: Any) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        elif not self._writer.schema.equals(table.schema):
            raise FilesError(
                "dense and sparse rows do not go into one Parquet file: give --dense or --sparse"
            )
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        if self._waiting_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._waiting_bytes = [], 0

    def _dense(self, rows: DenseRows) -> Any:
        columns = [] if rows.labels is None else [rows.labels]
        columns += list(rows.values.T)
        names = self._names.all(rows)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise FilesError(f"two columns would be named {twice}: name them differently first")
        return pa.table([pa.array(np.ascontiguousarray(column)) for column in columns], names)

    def _sparse(self, rows: SparseRows) -> Any:
        pointers = pa.array(rows.pointers, pa.int32())
        columns = {
            KEYS: pa.ListArray.from_arrays(pointers, pa.array(rows.indices)),
            VALUES: pa.ListArray.from_arrays(pointers, pa.array(np.ascontiguousarray(rows.values))),
        }
        if rows.labels is not None:
            columns[self._names.label or LABEL] = pa.array(np.ascontiguousarray(rows.labels))
        table = pa.table(columns)
        return table.replace_schema_metadata({COLUMNS: str(rows.columns)})
