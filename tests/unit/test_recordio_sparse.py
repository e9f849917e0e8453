"""Sparse rows: all cores write and read the same, and refuse the same."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.recordio import Reader, Record, RecordIOError, Tensor, write_csr, write_records
from penstock.recordio.frame import frame
from penstock.recordio.label import encode_label
from penstock.recordio.record import encode_record
from tests.unit.recordio_cores import using

CORES = ["compiled", "narrow", "numpy"]
COLUMNS = [1, 5, 127, 128, 129, 20_000, 2**21 + 5, 2**28, 2**28 + 9, 2**35]
STORED = [0, 1, 2, 15, 16, 31, 63, 64, 256, 300, 700]
LABEL = encode_label(np.float32(3))


@pytest.fixture(params=CORES)
def core(request: pytest.FixtureRequest) -> Any:
    with using(request.param):
        yield request.param


def alike(work: Callable[[], Any]) -> Any:
    """What comes of it with each core, which is the same."""
    found = []
    for name in CORES:
        with using(name):
            try:
                found.append(work())
            except (RecordIOError, ValueError) as error:
                found.append(f"{type(error).__name__} {error}")
    assert all(other == found[0] for other in found)
    return found[0]


def written(matrix: Any, y: Any = None, **options: Any) -> bytes:
    file = io.BytesIO()
    assert write_csr(file, matrix, y, **options) == len(file.getvalue())
    return file.getvalue()


def one_by_one(matrix: Any, y: Any) -> bytes:
    """The same records, each through the writer of any kind of record."""
    file = io.BytesIO()
    for row in range(matrix.shape[0]):
        chosen = slice(matrix.indptr[row], matrix.indptr[row + 1])
        features = Tensor(
            matrix.data[chosen], matrix.indices[chosen].astype(np.uint64), (matrix.shape[1],)
        )
        label = {} if y is None else {"values": Tensor(y[row : row + 1])}
        write_records(file, [Record({"values": features}, label)])
    return file.getvalue()


def read(data: bytes, rows: int) -> list[Any]:
    return [
        (x.shape, x.dtype.str, *columns(x), x.data.tobytes(),
         None if y is None else (y.dtype.str, y.tobytes()))
        for x, y in Reader(data).batches(rows)
    ]  # fmt: skip


def columns(x: Any) -> tuple[Any, Any]:
    """Where the values of a batch stand; changed bytes may make it a dense one."""
    return (x.indptr.tolist(), x.indices.tolist()) if scipy.sparse.issparse(x) else (None, None)


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Any, Any]:
    columns = draw(st.sampled_from(COLUMNS))
    rows = draw(st.integers(1, 8))
    dtype = np.dtype(draw(st.sampled_from(["f4", "f8", "i4"])))
    counts = [draw(st.sampled_from(STORED)) for _ in range(rows)]
    seed = draw(st.integers(0, 2**31))
    generator = np.random.default_rng(seed)
    stored = sum(counts)
    spread = generator.integers(0, 64, stored)
    indices = (generator.integers(0, 2**62, stored) >> spread) % columns
    if dtype.kind == "f":
        data = generator.integers(0, 256, stored * dtype.itemsize, np.uint8).view(dtype)
    else:
        data = (generator.integers(-(2**31), 2**31, stored) >> (spread % 31)).astype(dtype)
    narrow = columns <= 2**31 - 1
    matrix = scipy.sparse.csr_matrix((rows, columns), dtype=dtype)
    matrix.data = data
    matrix.indices = indices.astype(np.int32 if narrow else np.int64)
    matrix.indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kind = draw(st.sampled_from([None, "f4", "f8", "i4"]))
    return matrix, None if kind is None else generator.integers(-9, 9, rows).astype(kind)


@settings(max_examples=150, deadline=None)
@given(matrices(), st.integers(1, 9))
def test_all_write_and_read_what_single_records_say(case: tuple[Any, Any], rows: int) -> None:
    matrix, y = case
    options = {} if y is None else {"label_dtype": y.dtype}
    data = alike(lambda: written(matrix, y, **options))
    assert data == one_by_one(matrix, y)
    batches = alike(lambda: read(data, rows))
    assert sum(batch[0][0] for batch in batches) == matrix.shape[0]
    assert b"".join(batch[4] for batch in batches) == matrix.data.tobytes()
    assert [index for batch in batches for index in batch[3]] == matrix.indices.tolist()
    if y is not None:
        assert b"".join(batch[5][1] for batch in batches) == y.tobytes()


@settings(max_examples=300, deadline=None)
@given(matrices(), st.data())
def test_all_take_changed_bytes_alike(case: tuple[Any, Any], data: st.DataObject) -> None:
    matrix, y = case
    original = written(matrix, y)
    damaged = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([None, data.draw(st.integers(0, len(damaged)))]))
    alike(lambda: read(bytes(damaged[:cut]), 3))


def test_both_take_an_empty_row_without_columns_for_a_dense_one() -> None:
    damaged = bytearray(written(scipy.sparse.csr_matrix((1, 1), dtype="f4")))
    assert damaged[24] == 1  # the shape, the only thing that this row says
    damaged[24] = 0
    assert alike(lambda: read(bytes(damaged), 3)) == [((1, 0), "<f4", None, None, b"", None)]


def test_a_stream_cut_anywhere_is_refused(core: str) -> None:
    matrix = scipy.sparse.csr_matrix(np.array([[0, 1, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]], "f4"))
    data = written(matrix, [1, 2, 3])
    ends = [60, 60 + 48, len(data)]
    for cut in range(1, len(data)):
        if cut in ends:
            continue
        with pytest.raises(RecordIOError, match="the stream ends inside") as raised:
            read(data[:cut], 2)
        assert raised.value.record == sum(cut > end for end in ends)


def row(tensor: bytes, *, label: bytes = LABEL, field: int = 2) -> bytes:
    from penstock.recordio.wire import encode_field as f

    return frame(f(1, f(1, b"values") + f(2, f(field, tensor))) + label)


def packed(field: int, body: bytes) -> bytes:
    from penstock.recordio.wire import encode_field

    return encode_field(field, body)


VALUES, KEYS, SHAPE = packed(1, bytes(8)), packed(2, b"\1\3"), packed(3, b"\x04")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(VALUES + packed(2, b"\1\4") + SHAPE), r"key 4 lies outside the shape \(4,\)"),
        (row(VALUES + packed(2, b"\1\x80") + SHAPE), "cut off"),
        (row(VALUES + packed(2, b"\1" + b"\x80" * 10 + b"\1") + SHAPE), "longer than 10 bytes"),
        (row(VALUES + packed(2, b"\1" + b"\xff" * 9 + b"\2") + SHAPE), "does not fit 64 bits"),
        (row(VALUES + packed(2, b"\1") + SHAPE), "2 values but 1 keys"),
        (row(VALUES + packed(2, b"\0\1\2") + SHAPE), "2 values but 3 keys"),
        (row(packed(1, bytes(7)) + KEYS + SHAPE), "no whole number of float32"),
        (row(VALUES + KEYS), "needs a shape"),
        (row(VALUES + KEYS + packed(3, b"\5")), "5 columns of sparse float32 values and float32"),
        (row(VALUES + KEYS + SHAPE, label=b""), "values and no label, but earlier"),
        (row(packed(1, b"\1\2") + KEYS + SHAPE, field=7), "sparse int32 values"),
        (row(VALUES + KEYS + packed(3, b"\2\2")), r"shape is \(2, 2\)"),
        (row(VALUES + KEYS + SHAPE)[:-1] + b"\7", "padding is not zero"),
        (row(VALUES + KEYS + SHAPE, label=LABEL + b"\x3a\0"), "field 7 is unknown"),
        (row(VALUES + KEYS + SHAPE, label=LABEL[:-1]), "needs"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_at_their_place_after_good_ones(bad: bytes, message: str) -> None:
    good = row(VALUES + KEYS + SHAPE)
    assert len(good) % 4 == 0
    for data in (good * 5 + bad, good * 5 + bad + good * 5):
        with pytest.raises(RecordIOError, match=message) as raised:
            read(data, 100)
        assert raised.value.record == 5
        assert len(good) * 5 <= raised.value.offset <= len(good) * 5 + len(bad)
        assert message.split("(")[0].split("\\")[0] in alike(lambda d=data: read(d, 3))


def test_unusual_rows_are_read_among_usual_ones(core: str) -> None:
    good = row(VALUES + KEYS + SHAPE)
    keys_first = row(KEYS + SHAPE + VALUES)
    long_length = row(VALUES + b"\x12\x82\x00\1\3" + SHAPE)
    label_first = frame(
        LABEL + encode_record(Record({"values": Tensor(np.zeros(2, "f4"), np.array([1, 3]), (4,))}))
    )
    data = good * 3 + keys_first + good * 2 + long_length + label_first + good
    ((x, y),) = Reader(data).batches(100)
    assert x.shape == (9, 4)
    assert x.indices.tolist() == [1, 3] * 9
    assert y.tolist() == [3] * 9


def test_the_magic_among_the_values_does_not_confuse(core: str) -> None:
    magic = np.frombuffer(bytes.fromhex("0a23d7ce"), "f4")[0]
    matrix = scipy.sparse.csr_matrix(np.full((50, 40), magic))
    ((x, _),) = Reader(written(matrix)).batches(100)
    assert (x.toarray() == magic).all()


def test_rows_larger_than_a_chunk_are_written_and_read(core: str) -> None:
    matrix = scipy.sparse.random(3, 400_000, 0.9, "csr", np.float32, np.random.default_rng(3))
    data = written(matrix, [1, 2, 3])
    (first, second) = Reader(io.BytesIO(data)).batches(2)
    assert (scipy.sparse.vstack([first[0], second[0]]) != matrix).nnz == 0


def test_dense_and_sparse_records_take_turns(core: str) -> None:
    from penstock.recordio import write_dense

    file = io.BytesIO()
    for _ in range(2):
        write_dense(file, np.ones((5, 3), np.float32), np.zeros(5))
        write_csr(file, scipy.sparse.csr_matrix(np.eye(4, dtype=np.float64)))
    found = list(Reader(file.getvalue()).batches(4))
    assert [x.shape for x, _ in found] == [(4, 3), (1, 3), (4, 4)] * 2
    assert [scipy.sparse.issparse(x) for x, _ in found] == [False, False, True] * 2
    assert [y is None for _, y in found] == [False, False, True] * 2


def test_other_formats_of_scipy_are_converted(core: str) -> None:
    matrix = np.array([[0, 1, 0], [2, 0, 3]], np.float32)
    expected = written(scipy.sparse.csr_matrix(matrix))
    assert written(scipy.sparse.csc_matrix(matrix)) == expected
    assert written(scipy.sparse.coo_array(matrix)) == expected


@pytest.mark.parametrize("pointers", [[0, 2, 1], [-1, 1, 2], [0, 1, 3]])
def test_row_pointers_that_lead_astray_are_refused(core: str, pointers: list[int]) -> None:
    matrix = scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32))
    matrix.indptr = np.array(pointers)
    with pytest.raises(ValueError, match="row pointers"):
        written(matrix)


@pytest.mark.parametrize("index", [-1, 2, -(2**31)])
def test_indices_outside_the_matrix_are_refused(core: str, index: int) -> None:
    matrix = scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32))
    matrix.indices[1] = index
    with pytest.raises(ValueError, match=r"0\.\.1"):
        written(matrix)
