"""Dense int32 rows, whose values are varints: many read at once, with either core."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.recordio import Reader, RecordIOError, write_dense
from penstock.recordio.frame import frame
from penstock.recordio.wire import encode_field
from tests.fuzz.oracle import check
from tests.unit.recordio_cores import compiled, using

CORES = ["compiled", "numpy"]
EDGES = st.sampled_from([0, 1, -1, 127, 128, 2**14, 2**21 - 1, 2**28, 2**31 - 1, -(2**31)])
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
MATRICES = hnp.arrays(np.int32, SHAPES, elements=EDGES | st.integers(-(2**31), 2**31 - 1))
LABELS = st.sampled_from([None, "f4", "f8", "i4"])


def written(matrix: Any, label: str | None) -> bytes:
    file = io.BytesIO()
    if label is None:
        write_dense(file, matrix)
    else:
        write_dense(file, matrix, np.arange(len(matrix)), label_dtype=label)
    return file.getvalue()


@settings(max_examples=100, deadline=None)
@given(MATRICES, LABELS, st.integers(1, 10))
def test_they_come_back(matrix: Any, label: str | None, rows: int) -> None:
    data = written(matrix, label)
    for core in CORES:
        with using(core):
            batches = list(Reader(io.BytesIO(data)).batches(rows))
        assert [len(x) for x, _ in batches[:-1]] == [rows] * (len(batches) - 1)
        assert all(x.dtype == np.int32 for x, _ in batches)
        assert np.concatenate([x for x, _ in batches]).tolist() == matrix.tolist()
        labels = [y for _, y in batches]
        if label is None:
            assert labels == [None] * len(batches)
        else:
            assert np.concatenate(labels).tolist() == list(range(len(matrix)))


@settings(max_examples=100, deadline=None)
@given(MATRICES, LABELS, st.data())
def test_changed_bytes_are_taken_as_record_by_record(
    matrix: Any, label: str | None, data: st.DataObject
) -> None:
    damaged = bytearray(written(matrix, label))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(damaged), compiled())


def row(values: bytes) -> bytes:
    tensor = encode_field(7, encode_field(1, values))
    return frame(encode_field(1, encode_field(1, b"values") + encode_field(2, tensor)))


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(b"\1\2\3"), "3 int32 values and no label, but earlier records have 2"),
        (row(b"\1"), "1 int32 values"),
        (row(b"\1\x80"), "cut off"),
        (row(b"\1" + b"\x80" * 10 + b"\1"), "longer than 10 bytes"),
        (row(b"\1" + b"\xff" * 9 + b"\2"), "does not fit 64 bits"),
        (row(b"\1\xff\xff\xff\xff\x0f"), "beyond 32 bits"),
        (row(b"\1\2")[:-1], "the stream ends inside a record"),
    ],
)
def test_bad_rows_are_refused_at_their_place(core: str, bad: bytes, message: str) -> None:
    good = row(b"\1\2") * 5
    with using(core), pytest.raises(RecordIOError, match=message) as raised:
        list(Reader(good + bad).batches(100))
    assert raised.value.record == 5
    assert len(good) <= raised.value.offset < len(good + bad)
