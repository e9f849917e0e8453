"""What people try first and cannot work says at once what to do instead."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    RecordIOError,
    Tensor,
    count_records,
    write_csr,
    write_dense,
    write_labels,
    write_records,
)

X = np.arange(6, dtype=np.float32).reshape(2, 3)
MASKED = np.ma.masked_greater(X, 2)


@pytest.mark.parametrize("path", ["a.rec", Path("a.rec")])
def test_a_path_is_to_be_opened(path: Any) -> None:
    for read in (Reader, count_records):
        with pytest.raises(TypeError, match=r"a\.rec.* is a path: open it.*'rb'"):
            read(path)
    with pytest.raises(TypeError, match=r"a\.rec.* is a path: open it.*'wb'"):
        write_dense(path, X)


def test_a_file_for_text_is_to_be_opened_for_bytes() -> None:
    with pytest.raises(TypeError, match=r"open for text.*'rb'"):
        Reader(io.StringIO("a"))  # type: ignore[arg-type]
    for write in (write_dense, write_csr):
        with pytest.raises(TypeError, match=r"open for text.*'wb'"):
            write(io.StringIO(), scipy.sparse.csr_matrix(X) if write is write_csr else X)


def written(work: Callable[[io.BytesIO], int]) -> io.BytesIO:
    file = io.BytesIO()
    work(file)
    return file


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda f: write_dense(f, scipy.sparse.csr_matrix(X)), "use write_csr"),
        (lambda f: write_csr(f, X), "of type ndarray: use write_dense"),
        (lambda f: write_csr(f, [[1, 2]]), "of type list: use write_dense"),
        (lambda f: write_dense(f, MASKED), r"X has masked numbers.*X\.filled"),
        (lambda f: write_dense(f, X, np.ma.masked_equal([1, 2], 2)), "y has masked numbers"),
        (lambda f: write_dense(f, X, [1e39, 2]), "y holds a number beyond 3.40.*float32"),
        (lambda f: write_labels(f, {"score": -1e39}), "label score holds a number beyond"),
        (
            lambda f: write_records(f, [Record({"values": b"a"})]),
            "expected a Tensor.*bytes",
        ),
        (lambda f: write_records(f, [Record({"a": BytesTensor(b"a")})]), "a: .*a tuple of bytes"),
        (lambda f: write_records(f, [Record({"a": Tensor(MASKED[0])})]), None),
        (lambda f: write_records(f, [Record({"a": Tensor(MASKED[1])})]), "masked numbers"),
    ],
)
def test_what_the_writers_do_not_take(work: Any, message: str | None) -> None:
    file = io.BytesIO()
    if message is None:  # nothing of it is masked
        assert work(file) > 0
        return
    with pytest.raises(ValueError, match=message):
        work(file)
    assert file.getvalue() == b""


def test_a_single_record_is_no_list() -> None:
    with pytest.raises(TypeError, match="a single Record: give a list"):
        write_records(io.BytesIO(), Record())  # type: ignore[arg-type]


def test_infinite_labels_are_written() -> None:
    file = written(lambda f: write_dense(f, X, [np.inf, np.nan]))
    ((_, y),) = Reader(file.getvalue()).batches(2)
    assert y is not None
    assert y[0] == np.inf
    assert np.isnan(y[1])


def test_the_number_of_rows_is_looked_at_before_the_first_batch() -> None:
    reader = Reader(b"")
    for batches in (reader.batches, reader.row_batches, reader.dense_batches):
        with pytest.raises(ValueError, match="rows is 0, expected 1 or more"):
            batches(0)
        with pytest.raises(TypeError):
            batches(1.5)  # type: ignore[arg-type]


def test_other_files_are_named() -> None:
    data = written(lambda f: write_dense(f, X)).getvalue()
    with pytest.raises(RecordIOError, match=r"found 1f8b0800 .gzip: open it with gzip.open"):
        list(Reader(gzip.compress(data)))
    with pytest.raises(RecordIOError, match="a Parquet file"):
        list(Reader(b"PAR1" + bytes(100)))


def test_labels_are_written_whole_to_a_raw_file() -> None:
    class Slow(io.RawIOBase):
        taken = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.taken += bytes(data[:5])
            return min(5, len(data))

    file = Slow()
    size = write_labels(file, {"score": 0.5})
    assert len(file.taken) == size
    assert count_records(file.taken) == 1
