"""The codec's bytes are exactly those that SageMaker's own writer and dmlc's produce."""

import io

import numpy as np
import pytest
import scipy.sparse

from penstock.recordio import BytesTensor, Reader, Tensor, count_records, write_csr, write_dense

MAGIC = "0a23d7ce"
LABEL_3 = "1212 0a06 76616c756573 1208 1206 0a04 00004040"


def encoded(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts).replace(" ", ""))


DENSE_F32 = encoded(
    MAGIC, "2c000000", "0a16 0a06 76616c756573 120c 120a 0a08 0000803f 00000040", LABEL_3
)
SPARSE_F32 = encoded(
    MAGIC,
    "33000000",
    "0a1d 0a06 76616c756573 1213 1211 0a08 0000803f 00000040 1202 0103 1a01 04",
    LABEL_3,
    "00",
)
EMPTY_ROW = encoded(MAGIC, "11000000", "0a0f 0a06 76616c756573 1205 1203 1a01 04", "000000")
DENSE_F64 = encoded(
    MAGIC,
    "20000000",
    "0a1e 0a06 76616c756573 1214 1a12 0a10 000000000000f03f 0000000000000040",
)
# -1 takes ten bytes as a varint
DENSE_I32 = encoded(
    MAGIC, "1b000000", "0a19 0a06 76616c756573 120f 3a0d 0a0b 05 ffffffffffffffffff01", "00"
)


def test_dense_float32_with_a_label_is_written_as_sagemakers_sdk_does() -> None:
    file = io.BytesIO()
    assert write_dense(file, np.array([[1, 2]], np.float32), np.array([3])) == len(DENSE_F32)
    assert file.getvalue() == DENSE_F32


def test_dense_float64_without_label() -> None:
    file = io.BytesIO()
    write_dense(file, np.array([[1.0, 2.0]]))
    assert file.getvalue() == DENSE_F64


def test_dense_int32_are_varints_and_negative_ones_take_ten_bytes() -> None:
    file = io.BytesIO()
    write_dense(file, np.array([[5, -1]], np.int32))
    assert file.getvalue() == DENSE_I32


def test_sparse_row_is_written_as_sagemakers_sdk_does() -> None:
    matrix = scipy.sparse.csr_matrix(np.array([[0, 1, 0, 2]], np.float32))
    file = io.BytesIO()
    assert write_csr(file, matrix, [3]) == len(SPARSE_F32)
    assert file.getvalue() == SPARSE_F32


def test_an_empty_sparse_row_has_only_its_shape() -> None:
    file = io.BytesIO()
    write_csr(file, scipy.sparse.csr_matrix((1, 4), dtype=np.float32))
    assert file.getvalue() == EMPTY_ROW


def test_dense_vectors_are_read_back() -> None:
    for data, dtype, values, label in (
        (DENSE_F32, np.float32, [1, 2], 3),
        (DENSE_F64, np.float64, [1, 2], None),
        (DENSE_I32, np.int32, [5, -1], None),
    ):
        ((x, y),) = Reader(io.BytesIO(data)).batches(10)
        assert x.dtype == dtype
        assert x.tolist() == [values]
        assert y is None if label is None else y.tolist() == [label]


def test_the_sparse_vector_is_read_back() -> None:
    (record,) = Reader(io.BytesIO(SPARSE_F32))
    features = record.features["values"]
    assert isinstance(features, Tensor)
    assert features.is_sparse
    assert features.keys.tolist() == [1, 3]
    assert features.shape == (4,)
    assert features.to_dense().tolist() == [0, 1, 0, 2]
    assert record.label["values"].values.tolist() == [3]
    assert record.uid is record.metadata is record.configuration is None


def test_the_empty_row_is_read_back_as_sparse() -> None:
    (record,) = Reader(io.BytesIO(EMPTY_ROW))
    assert record.features["values"].is_sparse
    assert record.features["values"].to_dense().tolist() == [0, 0, 0, 0]


def test_uid_metadata_configuration_and_bytes_are_read() -> None:
    payload = encoded(
        "0a16 0a06 76616c756573 120c 4a0a 0a01 ff 0a00 1203 612f62",
        "1a02 7531",
        "2202 7b7d",
        "2a01 63",
    )
    data = encoded(MAGIC) + len(payload).to_bytes(4, "little") + payload
    (record,) = Reader(io.BytesIO(data + bytes(-len(payload) % 4)))
    assert record.features["values"] == BytesTensor((b"\xff", b""), "a/b")
    assert (record.uid, record.metadata, record.configuration) == ("u1", "{}", "c")


@pytest.mark.parametrize(
    ("stored", "payload"),
    [
        (
            encoded(MAGIC, "04000020", "61626364", MAGIC, "03000060", "65666700"),
            b"abcd" + encoded(MAGIC) + b"efg",
        ),
        (encoded(MAGIC, "00000020", MAGIC, "00000060"), encoded(MAGIC)),
        (
            encoded(MAGIC, "00000020", MAGIC, "00000040", MAGIC, "01000060", "61000000"),
            encoded(MAGIC, MAGIC) + b"a",
        ),
    ],
    ids=["two parts", "only the magic", "three parts"],
)
def test_records_that_dmlc_split_are_put_together(stored: bytes, payload: bytes) -> None:
    from penstock.recordio.frame import FrameReader

    (found,) = FrameReader(io.BytesIO(stored))
    assert found.payload == payload
    assert count_records(io.BytesIO(stored + DENSE_F32)) == 2


def test_a_split_record_among_dense_ones_is_read_in_its_place() -> None:
    # as float32 the magic is -1.8046989e9: a writer that splits cuts this record in two
    magic_value = np.frombuffer(encoded(MAGIC), "<f4")[0]
    file = io.BytesIO()
    write_dense(file, np.array([[magic_value, 2]], np.float32))
    payload = file.getvalue()[8:32]
    at = payload.index(encoded(MAGIC))
    first, last = payload[:at], payload[at + 4 :]
    split = (
        encoded(MAGIC)
        + (1 << 29 | len(first)).to_bytes(4, "little")
        + first
        + bytes(-len(first) % 4)
        + encoded(MAGIC)
        + (3 << 29 | len(last)).to_bytes(4, "little")
        + last
        + bytes(-len(last) % 4)
    )
    plain = io.BytesIO()
    write_dense(plain, np.array([[7, 8]], np.float32))
    data = plain.getvalue() * 3 + split + plain.getvalue() * 3
    ((x, _),) = Reader(io.BytesIO(data)).batches(100)
    assert x[:, 1].tolist() == [8, 8, 8, 2, 8, 8, 8]
    assert x[3, 0] == magic_value
