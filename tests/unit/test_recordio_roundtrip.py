"""Whatever is written comes back, from files, from FIFOs, in batches of any size."""

import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.recordio import Reader, RecordIOError, count_records, write_csr, write_dense

DTYPES = st.sampled_from([np.float32, np.float64, np.int32])
SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 9))
MATRICES = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))


def read_all(data: bytes, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
    batches = list(Reader(io.BytesIO(data)).batches(rows))
    assert all(len(x) == rows for x, _ in batches[:-1])
    labels = [y for _, y in batches]
    x = np.concatenate([x for x, _ in batches])
    return x, None if labels[0] is None else np.concatenate(labels)


@settings(max_examples=60, deadline=None)
@given(MATRICES, st.booleans(), st.integers(1, 25))
def test_dense_rows_come_back_bit_for_bit(matrix: np.ndarray, labelled: bool, rows: int) -> None:
    y = np.arange(len(matrix)) if labelled else None
    file = io.BytesIO()
    size = write_dense(file, matrix, y)
    data = file.getvalue()
    assert len(data) == size
    assert size % 4 == 0
    assert count_records(io.BytesIO(data)) == len(matrix)
    x, labels = read_all(data, rows)
    assert x.dtype == matrix.dtype
    assert x.tobytes() == matrix.tobytes()
    assert (labels is None) if y is None else labels.tolist() == y.tolist()


@settings(max_examples=40, deadline=None)
@given(MATRICES, st.booleans())
def test_sparse_rows_come_back(matrix: np.ndarray, labelled: bool) -> None:
    matrix = np.nan_to_num(matrix)
    matrix[:, 0] = 0
    file = io.BytesIO()
    write_csr(file, scipy.sparse.csr_matrix(matrix), np.arange(len(matrix)) if labelled else None)
    records = list(Reader(io.BytesIO(file.getvalue())))
    assert len(records) == len(matrix)
    for index, record in enumerate(records):
        assert record.features["values"].is_sparse
        assert (record.features["values"].to_dense() == matrix[index]).all()
        assert bool(record.label) == labelled
        if labelled:
            assert record.label["values"].values.tolist() == [index]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1)))
def test_varints_of_all_sizes_come_back(numbers: list[int]) -> None:
    from penstock.recordio.wire import decode_varint, decode_varints, encode_varint, encode_varints

    packed, begins = encode_varints(np.array(numbers, np.uint64))
    assert packed.tobytes() == b"".join(map(encode_varint, numbers))
    assert np.diff(begins).tolist() == [len(encode_varint(number)) for number in numbers]
    assert decode_varints(packed.tobytes(), 0).tolist() == numbers
    for number in numbers:
        data = encode_varint(number)
        assert decode_varint(data, 0, len(data)) == (number, len(data))


def test_many_rows_over_several_chunks_come_back() -> None:
    matrix = np.random.default_rng(1).normal(size=(9000, 64)).astype(np.float32)
    file = io.BytesIO()
    write_dense(file, matrix, np.arange(9000) % 10)
    x, y = read_all(file.getvalue(), 1000)
    assert (x == matrix).all()
    assert (y == np.arange(9000) % 10).all()


def test_a_fifo_is_read_while_it_is_written(tmp_path: Path) -> None:
    fifo = tmp_path / "train_0"
    os.mkfifo(fifo)
    matrix = np.arange(40_000, dtype=np.float32).reshape(-1, 4)

    def write() -> None:
        with fifo.open("wb") as file:
            write_dense(file, matrix, np.zeros(len(matrix)))

    writer = threading.Thread(target=write)
    writer.start()
    with fifo.open("rb", buffering=0) as file:
        x = np.concatenate([x for x, _ in Reader(file).batches(512)])
    writer.join()
    assert (x == matrix).all()


def test_the_first_batch_does_not_wait_for_the_end_of_the_stream() -> None:
    incoming, outgoing = os.pipe()
    with os.fdopen(incoming, "rb") as reader, os.fdopen(outgoing, "wb") as writer:
        write_dense(writer, np.ones((4, 3), np.float32))
        writer.flush()
        x, _ = next(Reader(reader).batches(4))
        assert x.shape == (4, 3)


def test_memory_does_not_grow_with_the_stream() -> None:
    import tracemalloc

    row = io.BytesIO()
    write_dense(row, np.ones((1000, 50), np.float32))

    class Endless(io.RawIOBase):
        left = 200

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return row.getvalue() if self.left >= 0 else b""

    tracemalloc.start()
    total = sum(len(x) for x, _ in Reader(Endless()).batches(1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 200_000
    assert peak < 12 * len(row.getvalue())


def test_other_kinds_of_numbers_are_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"X has type uint8.*astype"):
        write_dense(io.BytesIO(), np.array([[1, 2]], np.uint8))
    with pytest.raises(ValueError, match="2 rows"):
        write_dense(io.BytesIO(), np.ones((2, 2), np.float32), [1])
    with pytest.raises(ValueError, match="float32 label cannot hold"):
        write_dense(io.BytesIO(), np.ones((1, 2), np.float32), [2**24 + 1])
    with pytest.raises(ValueError, match="expected numbers"):
        write_dense(io.BytesIO(), np.ones((1, 2), np.float32), ["a"])
    with pytest.raises(ValueError, match=r"\(records, features\)"):
        write_dense(io.BytesIO(), np.ones(3, np.float32))


def test_indices_outside_the_matrix_are_refused() -> None:
    matrix = scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32))
    matrix.indices[1] = 2
    with pytest.raises(ValueError, match=r"0\.\.1"):
        write_csr(io.BytesIO(), matrix)


def test_a_sliced_csr_matrix_is_written_from_its_own_rows() -> None:
    class View:
        indptr = np.array([2, 3])
        indices = np.array([9, 9, 1])
        data = np.array([1, 2, 3], np.float32)
        shape = (1, 10)

    file = io.BytesIO()
    write_csr(file, View())
    (record,) = Reader(io.BytesIO(file.getvalue()))
    assert record.features["values"].to_dense().tolist() == [0, 3, 0, 0, 0, 0, 0, 0, 0, 0]


def test_records_that_do_not_fit_a_batch_are_named() -> None:
    file = io.BytesIO()
    write_dense(file, np.ones((3, 2), np.float32), [1, 2, 3])
    first = file.getvalue()
    for other, message in (
        (np.ones((1, 3), np.float32), "3 float32 values and no label"),
        (np.ones((1, 2), np.float64), "2 float64 values and no label"),
    ):
        file = io.BytesIO()
        write_dense(file, other)
        with pytest.raises(RecordIOError, match=message) as raised:
            list(Reader(io.BytesIO(first + file.getvalue())).batches(2))
        assert (raised.value.record, raised.value.offset) == (3, len(first))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
@pytest.mark.parametrize("write", [write_dense, write_csr])
def test_rows_with_a_label_and_rows_without_are_no_batch(write: Any, dtype: str) -> None:
    rows = np.eye(2, dtype=np.float32)
    matrix = rows if write is write_dense else scipy.sparse.csr_matrix(rows)
    labelled, bare = io.BytesIO(), io.BytesIO()
    write(labelled, matrix, [1, 2], label_dtype=dtype)
    write(bare, matrix)
    for first, second in ((labelled, bare), (bare, labelled)):
        with pytest.raises(RecordIOError, match="label, but earlier records have") as raised:
            list(Reader(first.getvalue() + second.getvalue()).batches(4))
        assert (raised.value.record, raised.value.offset) == (2, first.tell())


def test_dense_batches_refuse_sparse_records_and_say_which() -> None:
    file = io.BytesIO()
    write_dense(file, np.ones((5, 2), np.float32))
    size = file.tell()
    write_csr(file, scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32)))
    with pytest.raises(RecordIOError, match=f"record 5 at byte {size}: the record is sparse"):
        list(Reader(io.BytesIO(file.getvalue())).dense_batches(100))
