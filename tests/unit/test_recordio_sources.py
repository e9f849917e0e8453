"""Records come from bytes, mmap, files, FIFOs and streams of any habit, with bounded memory."""

import gzip
import io
import mmap
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from botocore.response import StreamingBody

from penstock.recordio import Reader, RecordIOError, count_records, write_csr, write_dense

ROWS = np.arange(3000, dtype=np.float32).reshape(1000, 3)


@pytest.fixture(scope="module")
def data() -> bytes:
    file = io.BytesIO()
    write_dense(file, ROWS, np.arange(1000))
    write_csr(file, scipy.sparse.csr_matrix(ROWS))
    return file.getvalue()


class OnlyRead:
    """Has nothing but read(), and hands over what it likes."""

    def __init__(self, data: bytes, sizes: tuple[int, ...]) -> None:
        self._file = io.BytesIO(data)
        self._sizes = iter(sizes * 1_000_000)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(next(self._sizes))


def gzipped(data: bytes, _: Path) -> Any:
    return gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data)))


def mapped(data: bytes, path: Path) -> Any:
    path.write_bytes(data)
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def opened(data: bytes, path: Path) -> Any:
    path.write_bytes(data)
    return path.open("rb", buffering=0)


SOURCES: dict[str, Callable[[bytes, Path], Any]] = {
    "bytes": lambda data, _: data,
    "bytearray": lambda data, _: bytearray(data),
    "memoryview": lambda data, _: memoryview(data),
    "array": lambda data, _: np.frombuffer(data, np.uint8),
    "mmap": mapped,
    "raw file": opened,
    "BytesIO": lambda data, _: io.BytesIO(data),
    "gzip": gzipped,
    "S3 body": lambda data, _: StreamingBody(io.BytesIO(data), len(data)),
    "read alone, a few bytes": lambda data, _: OnlyRead(data, (1, 7, 3, 100)),
    "read alone, more than asked for": lambda data, _: OnlyRead(data, (3_000_000,)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_whatever_the_source_the_records_are_the_same(
    source: str, data: bytes, tmp_path: Path
) -> None:
    def make() -> Any:
        return SOURCES[source](data, tmp_path / "file")

    assert count_records(make()) == 2000
    batches = list(Reader(make()).batches(300))
    assert [len(y) if y is not None else None for _, y in batches] == [300, 300, 300, 100] + [
        None
    ] * 4
    assert (np.concatenate([x for x, _ in batches[:4]]) == ROWS).all()
    assert (scipy.sparse.vstack([x for x, _ in batches[4:]]).toarray() == ROWS).all()


def test_rows_in_memory_are_not_copied(data: bytes) -> None:
    writable = bytearray(data)
    x, y = next(Reader(writable).batches(1000))
    assert y is not None
    assert np.shares_memory(x, np.frombuffer(writable, np.uint8))
    assert np.shares_memory(y, np.frombuffer(writable, np.uint8))
    assert not next(Reader(bytes(data)).batches(10))[0].flags.writeable


def test_batches_of_a_stream_stay_as_they_were_when_the_next_are_read(data: bytes) -> None:
    batches = [(x, x.copy()) for x, _ in Reader(io.BytesIO(data)).batches(7) if len(x.shape) == 2]
    dense = [(x, copy) for x, copy in batches if isinstance(x, np.ndarray)]
    assert all((x == copy).all() for x, copy in dense)
    assert sum(len(x) for x, _ in dense) == 1000


def test_batches_of_a_fifo_come_when_their_last_row_does() -> None:
    for matrix in (ROWS, scipy.sparse.csr_matrix(ROWS)):
        incoming, outgoing = os.pipe()
        with ExitStack() as stack:
            reader = stack.enter_context(os.fdopen(incoming, "rb", buffering=0))
            writer = stack.enter_context(os.fdopen(outgoing, "wb"))
            batches: Iterator[Any] = Reader(reader).batches(4)
            for start in range(0, 40, 4):
                part = matrix[start : start + 4]
                _ = write_dense(writer, part) if matrix is ROWS else write_csr(writer, part)
                writer.flush()
                x, _ = next(batches)
                assert x.shape == (4, 3)


def test_a_raw_pipe_takes_all_of_it() -> None:
    incoming, outgoing = os.pipe()
    found: list[int] = []
    with os.fdopen(incoming, "rb") as reader, os.fdopen(outgoing, "wb", buffering=0) as writer:
        thread = threading.Thread(target=lambda: found.append(count_records(reader)))
        thread.start()
        for _ in range(30):
            write_dense(writer, ROWS)
        writer.close()
        thread.join()
    assert found == [30_000]


def test_a_stream_without_bytes_yet_is_no_end() -> None:
    incoming, outgoing = os.pipe()
    os.set_blocking(incoming, False)
    with (
        os.fdopen(incoming, "rb", buffering=0) as reader,
        os.fdopen(outgoing, "wb"),
        pytest.raises(BlockingIOError, match="blocking mode"),
    ):
        next(iter(Reader(reader)))


@pytest.mark.parametrize("make", [io.BytesIO, bytes], ids=["stream", "bytes"])
def test_nothing_at_all_holds_no_records(make: Any) -> None:
    assert list(Reader(make(b""))) == []
    assert list(Reader(make(b"")).batches(5)) == []
    assert count_records(make(b"")) == 0


def test_a_length_beyond_the_stream_takes_no_memory(data: bytes) -> None:
    lying = data[:56] + bytes.fromhex("0a23d7ce ffffff1f") + bytes(50)
    tracemalloc.start()
    with pytest.raises(RecordIOError, match="the stream ends inside a record"):
        list(Reader(io.BytesIO(lying)).batches(10**12))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20  # the record would take 512 MiB


def test_numbers_that_are_none_come_as_they_are() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, -0.0]], np.float32)
    values.view(np.uint32)[0, 0] = 0x7FC12345  # a NaN with a payload of its own
    file = io.BytesIO()
    write_dense(file, values, [np.nan])
    ((x, y),) = Reader(file.getvalue()).batches(1)
    assert x.tobytes() == values.tobytes()
    assert y is not None
    assert np.isnan(y).all()
