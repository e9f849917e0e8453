"""Records of any kind are written and come back: several features, bytes, texts, answers."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_labels,
    write_records,
)

TEXTS = st.none() | st.text(max_size=20)
DTYPES = st.sampled_from([np.float32, np.float64, np.int32])


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    size = draw(st.integers(0, 9))
    values = draw(hnp.arrays(draw(DTYPES), size))
    if draw(st.booleans()):
        shape = draw(st.sampled_from([(300,), (7, 50), (2**40,)]))
        keys = draw(hnp.arrays(np.uint64, size, elements=st.integers(0, 299)))
        return Tensor(values, keys if size else None, shape)
    return Tensor(values, None, (size,) if size and draw(st.booleans()) else None)


BYTES = st.builds(
    BytesTensor, st.lists(st.binary(max_size=9), max_size=3).map(tuple), st.none() | st.text()
)
MAPS = st.dictionaries(st.text(max_size=9), tensors() | BYTES, max_size=4)
RECORDS = st.builds(
    Record, features=MAPS, label=MAPS, uid=TEXTS, metadata=TEXTS, configuration=TEXTS
)


def comparable(record: Record) -> Any:
    def plain(value: Tensor | BytesTensor) -> Any:
        if isinstance(value, BytesTensor):
            return value
        keys = None if value.keys is None else value.keys.tolist()
        return value.values.dtype.str, value.values.tobytes(), keys, value.shape

    maps = [{name: plain(v) for name, v in m.items()} for m in (record.features, record.label)]
    return *maps, record.uid, record.metadata, record.configuration


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORDS, max_size=4))
def test_any_record_comes_back(records: list[Record]) -> None:
    file = io.BytesIO()
    assert write_records(file, records) == len(file.getvalue())
    assert list(map(comparable, Reader(file.getvalue()))) == list(map(comparable, records))


def test_seq2seqs_two_features() -> None:
    source, target = np.array([4, 5, -6], np.int32), np.array([7], np.int64)
    file = io.BytesIO()
    write_records(file, [Record({"source": Tensor(source), "target": Tensor(target)})])
    (record,) = Reader(file.getvalue())
    assert {name: t.values.tolist() for name, t in record.features.items()} == {
        "source": [4, 5, -6],
        "target": [7],
    }
    assert record.features["target"].values.dtype == np.int32


def test_an_answer_of_inference_comes_back() -> None:
    file = io.BytesIO()
    write_labels(file, {"score": 0.25, "predicted_label": 1})
    (record,) = Reader(file.getvalue())
    assert {name: t.values.tolist() for name, t in record.label.items()} == {
        "score": [0.25],
        "predicted_label": [1],
    }


def test_a_single_row_has_the_bytes_that_the_matrix_writers_give() -> None:
    for dtype in (np.float32, np.float64, np.int32):
        values = np.array([3, 0, -7], dtype)
        expected, found = io.BytesIO(), io.BytesIO()
        write_dense(expected, values[None], [2])
        label = {"values": Tensor(np.array([2], np.float32))}
        write_records(found, [Record({"values": Tensor(values)}, label)])
        assert found.getvalue() == expected.getvalue()


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (Tensor(np.zeros(2, np.uint8)), "x: X has type uint8"),
        (Tensor(np.array([2**31])), "beyond 32 bits"),
        (Tensor(np.zeros((2, 2))), "expected numbers in a row"),
        (Tensor(np.zeros(2), np.array([0, 1])), "needs a shape"),
        (Tensor(np.zeros(2), np.array([0, 4]), (4,)), r"keys must lie in 0\.\.3"),
        (Tensor(np.zeros(2), np.array([-1, 3]), (4,)), r"keys must lie in 0\.\.3"),
        (Tensor(np.zeros(2), np.array([0]), (4,)), "2 values but 1 keys"),
        (Tensor(np.zeros(2), None, (3,)), r"2 values do not fill the shape \(3,\)"),
        (Tensor(np.zeros(2), None, (-2,)), "negative size"),
    ],
)
def test_tensors_that_no_reader_takes_are_refused(tensor: Tensor, message: str) -> None:
    file = io.BytesIO()
    with pytest.raises(ValueError, match=message):
        write_records(file, [Record({"x": tensor})])
    assert file.getvalue() == b""


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_labels_of_all_types_are_written_on_request(dtype: Any) -> None:
    y = np.array([-3, 2, 900])
    for write in (write_dense, write_csr):
        from scipy.sparse import csr_matrix

        rows = np.eye(3, dtype=np.float32)
        file = io.BytesIO()
        write(file, rows if write is write_dense else csr_matrix(rows), y, label_dtype=dtype)
        ((x, labels),) = Reader(file.getvalue()).batches(9)
        assert x.shape == (3, 3)
        assert labels is not None
        assert labels.dtype == dtype
        assert labels.tolist() == y.tolist()


def test_labels_that_a_type_cannot_hold_are_refused() -> None:
    rows = np.ones((1, 1), np.float32)
    for y, dtype, message in (
        ([2**31], "i4", "beyond 32 bits"),
        ([0.5], "i4", "fractions"),
        ([np.nan], "i4", "beyond 32 bits"),
        ([1], "u1", "float32, float64 and int32"),
        ([-(2**24) - 1], "f4", "number the classes from 0"),
    ):
        with pytest.raises(ValueError, match=message):
            write_dense(io.BytesIO(), rows, y, label_dtype=dtype)


def test_int64_is_written_as_int32_where_it_fits() -> None:
    expected, found = io.BytesIO(), io.BytesIO()
    write_dense(expected, np.array([[1, -2]], np.int32))
    write_dense(found, np.array([[1, -2]]))
    assert found.getvalue() == expected.getvalue()
    with pytest.raises(ValueError, match="beyond 32 bits"):
        write_dense(io.BytesIO(), np.array([[2**31]]))
