"""Damaged streams are refused with the record and the byte, wherever the damage is."""

import io

import numpy as np
import pytest
import scipy.sparse

from penstock.recordio import (
    Reader,
    RecordIOError,
    Tensor,
    count_records,
    write_csr,
    write_dense,
)
from penstock.recordio.frame import frame
from penstock.recordio.wire import encode_field, encode_varint
from tests.unit.recordio_cores import using

VALUES = encode_field(1, b"values")


def dense(rows: int = 1) -> bytes:
    file = io.BytesIO()
    write_dense(file, np.arange(3 * rows, dtype=np.float32).reshape(rows, 3), np.arange(rows))
    return file.getvalue()


def sparse() -> bytes:
    file = io.BytesIO()
    write_csr(file, scipy.sparse.csr_matrix(np.array([[0, 1, 0, 2]], np.float32)), [1])
    return file.getvalue()


def split() -> bytes:
    magic = bytes.fromhex("0a23d7ce")
    return (
        magic + (1 << 29 | 4).to_bytes(4, "little") + b"abcd"
        + magic + (3 << 29 | 3).to_bytes(4, "little") + b"efg\0"
    )  # fmt: skip


def refused(data: bytes) -> RecordIOError:
    with pytest.raises(RecordIOError) as raised:
        list(Reader(io.BytesIO(data)))
    return raised.value


def feature(tensor: bytes) -> bytes:
    return frame(encode_field(1, VALUES + encode_field(2, tensor)))


@pytest.mark.parametrize("record", [dense(), sparse(), split()], ids=["dense", "sparse", "split"])
def test_a_stream_cut_anywhere_is_refused(record: bytes) -> None:
    whole = dense()
    for cut in range(1, len(record)):
        with pytest.raises(RecordIOError, match="the stream ends inside") as raised:
            count_records(io.BytesIO(whole + record[:cut]))
        assert raised.value.record == 1
        assert len(whole) <= raised.value.offset < len(whole) + len(record)


def test_batches_refuse_a_stream_cut_anywhere() -> None:
    data = dense(4)
    size = len(data) // 4
    for cut in range(1, len(data)):
        if cut % size == 0:
            continue
        with pytest.raises(RecordIOError, match="the stream ends inside") as raised:
            list(Reader(io.BytesIO(data[:cut])).batches(2))
        assert raised.value.record == cut // size
        assert raised.value.offset == cut // size * size


def test_every_changed_header_or_padding_byte_of_a_dense_row_is_noticed() -> None:
    data = bytearray(dense(3))
    size = len(data) // 3
    payload_head = 8 + 16  # the values follow
    for position in range(payload_head):
        damaged = bytearray(data)
        damaged[size + position] ^= 0x10
        with pytest.raises(RecordIOError) as raised:
            list(Reader(io.BytesIO(bytes(damaged))).batches(100))
        assert raised.value.record >= 1


@pytest.mark.parametrize("record", [1, 1023, 1024, 1500, 2999])
@pytest.mark.parametrize("width", [2, 29, 31])  # with 0, 3 and 2 bytes of padding
def test_a_changed_byte_is_noticed_in_whichever_row(record: int, width: int) -> None:
    file = io.BytesIO()
    write_dense(file, np.ones((3000, width), np.float32))
    data = file.getvalue()
    stride = len(data) // 3000
    values = data.index(np.ones(width, np.float32).tobytes())
    for byte in range(stride):
        changed = bytearray(data)
        changed[record * stride + byte] ^= 0x20
        if values <= byte < values + 4 * width:
            assert sum(len(x) for x, _ in Reader(changed).batches(5000)) == 3000
        else:
            with pytest.raises(RecordIOError) as raised:
                list(Reader(changed).batches(5000))
            assert raised.value.record >= record


def test_a_wrong_magic_is_shown() -> None:
    data = dense(2)
    size = len(data) // 2
    error = refused(data[:size] + b"\0" + data[size + 1 :])
    assert (error.record, error.offset) == (1, size)
    assert "found 0023d7ce" in str(error)
    assert str(error).startswith(f"record 1 at byte {size}: ")


def test_padding_must_be_zero() -> None:
    data = sparse()
    error = refused(data[:-1] + b"\x01")
    assert "padding is not zero: 01" in str(error)
    assert error.offset == len(data) - 1


def test_a_length_beyond_the_stream_does_not_allocate_it() -> None:
    error = refused(bytes.fromhex("0a23d7ce ffffff1f") + b"abc")
    assert "header says 536870911 bytes" in str(error)


@pytest.mark.parametrize("flag", [2, 3, 4, 7])
def test_a_part_without_a_beginning_is_refused(flag: int) -> None:
    data = bytearray(dense())
    data[7] = flag << 5
    assert "continuation flag" in str(refused(bytes(data)))


def test_a_whole_record_inside_a_split_one_is_refused() -> None:
    error = refused(split()[:12] + dense())
    assert "continuation flag 0 inside a split record" in str(error)
    assert error.offset == 12


TENSOR_F32 = encode_field(1, bytes(8))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (feature(b""), "exactly one tensor"),
        (feature(encode_field(2, TENSOR_F32) + encode_field(3, b"")), "exactly one tensor"),
        (feature(encode_field(5, TENSOR_F32)), "field 5 is no known tensor"),
        (feature(encode_field(2, encode_field(4, b""))), "field 4 is unknown in a tensor"),
        (feature(encode_field(2, encode_field(1, bytes(7)))), "no whole number of float32"),
        (feature(encode_field(3, encode_field(1, bytes(12)))), "no whole number of float64"),
        (
            feature(encode_field(2, TENSOR_F32 + encode_field(2, b"\0"))),
            "2 values but 1 keys",
        ),
        (
            feature(encode_field(2, TENSOR_F32 + encode_field(2, b"\0\1"))),
            "needs a shape",
        ),
        (
            feature(
                encode_field(2, TENSOR_F32 + encode_field(2, b"\0\4") + encode_field(3, b"\4"))
            ),
            r"key 4 lies outside the shape \(4,\)",
        ),
        (
            feature(encode_field(2, TENSOR_F32 + encode_field(3, b"\3"))),
            r"2 values do not fill the shape \(3,\)",
        ),
        (feature(encode_field(7, encode_field(1, b"\x80" * 10 + b"\1"))), "longer than 10 bytes"),
        (feature(encode_field(7, encode_field(1, b"\x80"))), "cut off"),
        (feature(encode_field(7, encode_field(1, b"\xff" * 9 + b"\2"))), "does not fit 64 bits"),
        (
            feature(encode_field(7, encode_field(1, b"\xff\xff\xff\xff\x0f"))),
            "beyond 32 bits",
        ),
        (frame(b"\x0a" + b"\x80" * 10 + b"\1"), "longer than 10 bytes"),
        (frame(b"\x0a\x05abc"), "field 1 needs 5 bytes, its message has 3 left"),
        (frame(encode_field(6, b"")), "field 6 is unknown in a Record"),
        (frame(b"\x08\x01"), "wire type 0, expected 2"),
        (frame(b"\x0b"), "unknown wire type 3"),
        (frame(b"\x02\x00"), "field number 0"),
        (frame(encode_field(1, VALUES)), "without its value"),
        (frame(encode_field(1, encode_field(2, b""))), "without its key"),
        (frame(encode_field(3, b"\xff")), "uid is not UTF-8"),
    ],
)
def test_messages_that_break_the_format_are_refused(data: bytes, message: str) -> None:
    whole = dense()
    with pytest.raises(RecordIOError, match=message) as raised:
        list(Reader(io.BytesIO(whole + data)))
    assert raised.value.record == 1
    assert len(whole) <= raised.value.offset <= len(whole + data)
    with pytest.raises(RecordIOError, match=message):
        list(Reader(io.BytesIO(whole + data)).batches(10))


@pytest.mark.parametrize("columns", [2**63, 2**64 - 1])
@pytest.mark.parametrize("core", ["compiled", "numpy"])
def test_columns_beyond_numpys_integers_are_refused_in_batches_alone(
    core: str, columns: int
) -> None:
    shape = encode_field(3, encode_varint(columns))
    keys = encode_field(2, encode_varint(2**63 - 1))
    row = feature(encode_field(2, encode_field(1, bytes(4)) + keys + shape))
    with using(core), pytest.raises(RecordIOError, match=f"shape is \\({columns},\\)") as raised:
        list(Reader(row * 3).batches(3))
    assert (raised.value.record, raised.value.offset) == (0, 0)
    (record,) = Reader(row)
    tensor = record.features["values"]
    assert isinstance(tensor, Tensor)
    assert tensor.keys is not None
    assert (tensor.keys.tolist(), tensor.shape) == ([2**63 - 1], (columns,))
    assert len(list(Reader(row * 3).pieces(3))) == 3


@pytest.mark.parametrize("what", [b"", encode_field(1, bytes(4)), encode_field(2, b"\0")])
def test_a_shape_of_very_many_sizes_takes_no_time(what: bytes) -> None:
    # the product of these has six million bits: it is not made
    many = encode_field(3, (b"\xff" * 9 + b"\1") * 100_000)
    data = feature(encode_field(2, what + many))
    if not what:
        assert len(list(Reader(data))) == 1
        return
    error = refused(data)
    assert len(str(error)) < 300
    assert "of 100000 sizes" in str(error) or "0 values but 1 keys" in str(error)


def test_the_bad_bytes_own_offset_is_told() -> None:
    data = frame(encode_field(3, b"ok\xff"))
    assert refused(data).offset == 8 + 2 + 2
