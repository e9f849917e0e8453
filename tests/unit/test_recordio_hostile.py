"""Hostile bytes: one refusal, whatever reads them, with either core, from memory or a stream."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from penstock.recordio import Reader, RecordIOError, write_csr, write_dense
from penstock.recordio.frame import frame
from penstock.recordio.wire import encode_field, encode_varint
from tests.fuzz.oracle import Ragged
from tests.unit.recordio_cores import using

LABEL = bytes.fromhex("1212 0a06 76616c756573 1208 1206 0a04 00004040")
TENSORS = {"float32": 2, "float64": 3, "int32": 7}


def written(kind: str) -> bytes:
    """Four records of one size each, with labels."""
    dtype, _, sparse = kind.partition(" ")
    values = np.array([[1, 0, 2, 0]] * 4, dtype)
    file = io.BytesIO()
    if sparse:
        write_csr(file, scipy.sparse.csr_matrix(values), [3] * 4)
    else:
        write_dense(file, values, [3] * 4)
    return file.getvalue()


KINDS = ["float32", "float64", "int32", "float32 sparse", "float64 sparse", "int32 sparse"]


def ways(data: bytes) -> Iterator[Callable[[], Any]]:
    """To read the data: with each core, from memory, a stream, and one that comes in pieces."""
    for core in ("compiled", "numpy"):
        for source in (lambda: data, lambda: io.BytesIO(data), lambda: Ragged(data, (3, 50, 1))):

            def read(core: str = core, source: Callable[[], Any] = source) -> list[Any]:
                with using(core):
                    return list(Reader(source()).batches(100))

            yield read


def refused(data: bytes) -> RecordIOError:
    errors = []
    for read in ways(data):
        with pytest.raises(RecordIOError) as raised:
            read()
        errors.append(raised.value)
    assert len({(str(error), error.record, error.offset) for error in errors}) == 1
    return errors[0]


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_at_every_byte(kind: str) -> None:
    data = written(kind)
    size = len(data) // 4
    for cut in range(3 * size + 1, 4 * size):
        error = refused(data[:cut])
        assert (error.record, error.offset) == (3, 3 * size)
        assert "the stream ends inside" in str(error)


def tensor(kind: str, body: bytes, label: bytes = LABEL) -> bytes:
    value = encode_field(TENSORS[kind.partition(" ")[0]], body)
    return frame(encode_field(1, encode_field(1, b"values") + encode_field(2, value)) + label)


def damaged(kind: str) -> Iterator[tuple[str, bytes]]:
    """(what the refusal says, the record) of what may be wrong in a record."""
    record = written(kind)[: len(written(kind)) // 4]
    size = np.dtype(kind.partition(" ")[0]).itemsize
    values = encode_field(1, b"\1\2" if size == 4 and "int" in kind else bytes(2 * size))
    yield "expected the magic 0a23d7ce", b"\x0b" + record[1:]
    yield "the stream ends inside a record", record[:4] + b"\xff\xff\xff\x1f" + record[8:]
    yield "unknown continuation flag 4", record[:7] + b"\x80" + record[8:]
    yield "continuation flag 2 without a first part", record[:7] + b"\x40" + record[8:]
    yield "its message has", record[:9] + bytes([record[9] + 90]) + record[10:]
    yield (
        "field 1 needs|its message has|unknown|wire type|cut off",
        (record[:9] + bytes([record[9] - 1]) + record[10:]),
    )
    yield "longer than 10 bytes", frame(b"\x0a" + b"\x80" * 10 + b"\1")
    yield "does not fit 64 bits", frame(b"\x0a" + b"\xff" * 9 + b"\2")
    if "sparse" in kind:
        shape = encode_field(3, b"\4")
        keys = encode_field(2, b"\0" + b"\x80" * 10 + b"\1")
        yield "longer than 10 bytes", tensor(kind, values + keys + shape)
        yield "key 4 lies outside", tensor(kind, values + encode_field(2, b"\0\4") + shape)
        huge = encode_field(2, b"\0" + encode_varint(2**64 - 1))
        yield "key 18446744073709551615 lies outside", tensor(kind, values + huge + shape)
        yield "2 values but 1 keys", tensor(kind, values + encode_field(2, b"\0") + shape)
        yield "2 values but 3 keys", tensor(kind, values + encode_field(2, b"\0\1\2") + shape)
        yield "needs a shape", tensor(kind, values + encode_field(2, b"\0\1"))
    if kind.startswith("int32"):
        yield "longer than 10 bytes", tensor(kind, encode_field(1, b"\x80" * 10 + b"\1"))
        yield "beyond 32 bits", tensor(kind, encode_field(1, encode_varint(2**31)))
    else:
        yield "no whole number of float", tensor(kind, encode_field(1, bytes(size + 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_wrong_in_a_record(kind: str) -> None:
    good = written(kind)
    for message, bad in damaged(kind):
        for after in (b"", good):
            error = refused(good + bad + after)
            assert any(words in str(error) for words in message.split("|")), f"{message}: {error}"
            assert error.record == 4
            assert len(good) <= error.offset < len(good + bad)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_padding_that_is_not_zero(size: int) -> None:
    good = frame(encode_field(3, b"u" * (6 - size)))
    assert good[-size:] == bytes(size)
    for place in range(1, size + 1):
        bad = good[: len(good) - place] + b"\1" + good[len(good) - place + 1 :]
        error = refused(written("float32") + bad)
        assert (error.record, error.offset) == (4, len(written("float32") + good) - size)
        assert "padding is not zero" in str(error)


@pytest.mark.parametrize("kind", ["float32", "float64", "float32 sparse", "float64 sparse"])
def test_nan_and_infinite_values_are_read_bit_by_bit(kind: str) -> None:
    data = written(kind)
    one = np.ones(1, kind.partition(" ")[0])
    for odd in (np.nan, -np.nan, np.inf, -np.inf, -0.0):
        for read in ways(data.replace(one.tobytes(), np.full_like(one, odd).tobytes())):
            ((x, _),) = read()
            first = x.data[::2] if "sparse" in kind else x[:, 0]
            assert first.tobytes() == np.full(4, odd, one.dtype).tobytes()


def test_an_empty_file_has_no_batches() -> None:
    assert [read() for read in ways(b"")] == [[]] * 6


@pytest.mark.parametrize("core", ["compiled", "numpy"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fifo_whose_writer_goes_in_the_middle_of_a_record(
    core: str, kind: str, tmp_path: Path
) -> None:
    data = written(kind)
    size = len(data) // 4
    fifo = tmp_path / "train_0"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(data[: 2 * size + 9]))
    writer.start()
    found = []
    with using(core), fifo.open("rb", buffering=0) as file:
        batches = Reader(file).batches(1)
        with pytest.raises(RecordIOError, match="the stream ends inside a record") as raised:
            found.extend(batches)
    writer.join()
    assert len(found) == 2
    assert (raised.value.record, raised.value.offset) == (2, 2 * size)


@pytest.mark.parametrize("core", ["compiled", "numpy"])
@pytest.mark.parametrize("kind", ["float32", "int32", "float32 sparse"])
def test_an_s3_body_that_is_cut_says_so_even_between_two_records(core: str, kind: str) -> None:
    data = written(kind)
    body = StreamingBody(io.BytesIO(data[: len(data) // 2]), len(data))
    found = []
    with using(core), pytest.raises(IncompleteReadError):
        found.extend(Reader(body).batches(1))
    assert len(found) <= 2


@pytest.mark.parametrize("core", ["compiled", "numpy"])
def test_a_connection_that_breaks_comes_as_it_is(core: str) -> None:
    class Broken(Ragged):
        def readinto(self, room: Any) -> int:
            raise ConnectionResetError("the other side has gone")

    with using(core), pytest.raises(ConnectionResetError, match="the other side"):
        list(Reader(Broken(b"", (1,))).batches(1))
