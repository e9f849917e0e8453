"""Arrow record batches to and from records; needs pyarrow, which the codec itself does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from penstock.recordio.dense import write_dense
from penstock.recordio.label import FLOAT32
from penstock.recordio.reader import Reader
from penstock.recordio.rows import SparseRows
from penstock.recordio.sparse import CSRParts, write_csr

FEATURES, KEYS, VALUES, LABEL = "features", "keys", "values", "label"
COLUMNS = b"columns"  # of a sparse batch: its schema's metadata say how many there are


def read_record_batches(reader: Reader, rows: int) -> Iterator[pa.RecordBatch]:
    """Batches of up to `rows` records, as Reader.batches has them, in Arrow's form.

    Dense rows are a column `features` of fixed-size lists, sparse ones the columns `keys` and
    `values` of lists, with the number of columns in the schema's metadata; `label` is a column
    where records have one. RecordIOError as in Reader.batches.
    """
    for batch in reader.row_batches(rows):
        metadata = {}
        if isinstance(batch, SparseRows):
            # refused by pyarrow if a batch has 2^31 values or more
            pointers = pa.array(batch.pointers, pa.int32())
            columns = {
                KEYS: pa.ListArray.from_arrays(pointers, pa.array(batch.indices)),
                VALUES: pa.ListArray.from_arrays(pointers, pa.array(batch.values)),
            }
            metadata[COLUMNS] = str(batch.columns).encode()
        else:
            flat = pa.array(np.ascontiguousarray(batch.values).reshape(-1))
            columns = {FEATURES: pa.FixedSizeListArray.from_arrays(flat, batch.values.shape[1])}
        if batch.labels is not None:
            columns[LABEL] = pa.array(np.ascontiguousarray(batch.labels))
        found = pa.record_batch(list(columns.values()), names=list(columns))
        yield found.replace_schema_metadata(metadata or None)


def write_record_batch(
    file: BinaryIO,
    batch: pa.RecordBatch,
    *,
    label: str = LABEL,
    label_dtype: npt.DTypeLike = FLOAT32,
) -> int:
    """Append a batch's rows; returns the bytes written.

    It is as read_record_batches gives it, or has a number column for each feature, in order and
    all of one type. The column named `label`, if there is one, is the label.
    ValueError for nulls, columns of other types or of different ones, and as in write_dense and
    write_csr.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count:
            raise ValueError(f"column {name} has {column.null_count} nulls, records have none")
    labels = _numbers(label, batch.column(label)) if label in batch.schema.names else None
    names = [name for name in batch.schema.names if name != label]
    if names == [KEYS, VALUES]:
        return write_csr(file, _csr(batch), labels, label_dtype=label_dtype)
    if not names:
        raise ValueError("the batch has no column of features")
    first = batch.column(names[0])
    if pa.types.is_fixed_size_list(first.type) and len(names) == 1:
        values = _numbers(names[0], first.flatten()).reshape(len(batch), first.type.list_size)
        return write_dense(file, values, labels, label_dtype=label_dtype)
    columns = [_numbers(name, batch.column(name)) for name in names]
    types = sorted({column.dtype.name for column in columns})
    if len(types) > 1:
        raise ValueError(f"the columns have the types {', '.join(types)}: cast them to one")
    return write_dense(file, np.column_stack(columns), labels, label_dtype=label_dtype)


def _numbers(name: str, column: Any) -> npt.NDArray[Any]:
    if column.null_count:
        raise ValueError(f"column {name} has nulls inside its lists, records have none")
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ValueError(f"column {name} has type {column.type}, expected numbers")
    numbers: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return numbers


def _csr(batch: pa.RecordBatch) -> CSRParts:
    keys, values = batch.column(KEYS), batch.column(VALUES)
    if not all(pa.types.is_list(column.type) for column in (keys, values)):
        raise ValueError("the columns keys and values must be lists")
    if not np.array_equal(np.diff(keys.offsets), np.diff(values.offsets)):
        raise ValueError("the lists of keys and values have different lengths")
    stated = (batch.schema.metadata or {}).get(COLUMNS)
    if stated is None:
        raise ValueError("a sparse batch needs the number of columns in its schema's metadata")
    pointers = np.asarray(keys.offsets, np.int64)
    return CSRParts(
        indptr=pointers - pointers[0],  # flatten() leaves out what a slice does not show
        indices=_numbers(KEYS, keys.flatten()),
        data=_numbers(VALUES, values.flatten()),
        shape=(len(batch), int(stated)),
    )
