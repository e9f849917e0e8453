"""Arrow record batches become records and come back."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse

from penstock.recordio import Reader, write_csr, write_dense
from penstock.recordio.arrow import read_record_batches, write_record_batch

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
LABELS = np.array([1, 0, 1, 0], np.float32)


def encoded(write: Any, *arguments: Any) -> bytes:
    file = io.BytesIO()
    assert write(file, *arguments) == len(file.getvalue())
    return file.getvalue()


SPARSE = scipy.sparse.csr_matrix(np.array([[0, 1.5, 0], [0, 0, 0], [2, 0, 3]]))


@pytest.mark.parametrize(
    "data",
    [
        encoded(write_dense, ROWS, LABELS),
        encoded(write_dense, ROWS.astype(np.int32)),
        encoded(write_csr, SPARSE, LABELS[:3]),
        encoded(write_csr, SPARSE),
    ],
    ids=["dense", "dense int32", "sparse", "sparse without labels"],
)
def test_records_go_to_arrow_and_back(data: bytes) -> None:
    batches = list(read_record_batches(Reader(data), 2))
    assert [batch.num_rows for batch in batches] in ([2, 2], [2, 1])
    file = io.BytesIO()
    for batch in batches:
        batch.validate(full=True)
        for part in (batch.slice(0, 1), batch.slice(1)):
            write_record_batch(file, part)
    assert file.getvalue() == data


def test_a_column_for_each_feature() -> None:
    columns = [pa.array(LABELS), *(pa.array(np.ascontiguousarray(c)) for c in ROWS.T)]
    batch = pa.record_batch(columns, names=["y", "a", "b", "c"])
    file = io.BytesIO()
    write_record_batch(file, batch, label="y")
    assert file.getvalue() == encoded(write_dense, ROWS, LABELS)


def test_a_dense_batch_has_its_features_in_fixed_size_lists() -> None:
    (batch,) = read_record_batches(Reader(encoded(write_dense, ROWS, LABELS)), 9)
    assert batch.schema.field("features").type == pa.list_(pa.float32(), 3)
    assert batch.column("features").to_pylist() == ROWS.tolist()
    assert batch.column("label").to_pylist() == LABELS.tolist()


def lists(keys: Any, values: Any, columns: str | None = "3") -> pa.RecordBatch:
    arrays = [pa.array(keys, pa.list_(pa.int32())), pa.array(values, pa.list_(pa.float32()))]
    batch = pa.record_batch(arrays, names=["keys", "values"])
    return batch.replace_schema_metadata({"columns": columns} if columns else None)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (pa.record_batch({"a": [1.0, None]}), "column a has 1 nulls"),
        (pa.record_batch({"a": ["x"]}), "column a has type string, expected numbers"),
        (pa.record_batch({"a": [1.0], "b": [1]}), "float64, int64: cast them to one"),
        (pa.record_batch({"label": [1.0]}), "no column of features"),
        (lists([[1]], [[1.0, 2.0]]), "different lengths"),
        (lists([[1]], [[1.0]], None), "number of columns"),
        (lists([[3]], [[1.0]]), r"0\.\.2"),
        (lists([[None]], [[1.0]]), "column keys has nulls inside"),
    ],
)
def test_batches_that_records_cannot_hold_are_refused(batch: Any, message: str) -> None:
    file = io.BytesIO()
    with pytest.raises(ValueError, match=message):
        write_record_batch(file, batch)
    assert file.getvalue() == b""
