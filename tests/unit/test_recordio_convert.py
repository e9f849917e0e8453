"""Rows come back equal from every format, whichever way they went."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.recordio import Reader, Record, Tensor, write_csr, write_dense, write_records
from penstock.recordio.files import FilesError, Format, Reading, Writing, convert, format_of

ENDINGS = {
    Format.RECORDIO: "rec",
    Format.CSV: "csv",
    Format.PARQUET: "parquet",
    Format.JSON_LINES: "jsonl",
    Format.LIBSVM: "libsvm",
}
FLOATS = st.sampled_from([np.float32, np.float64])
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 6))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


NUMBERS = count()


def through(folder: Path, data: bytes, form: Format, *, packed: bool = False) -> bytes:
    """Records to another format and back to records."""
    number = next(NUMBERS)
    first, there, back = (
        folder / f"{number}.{name}"
        for name in ("0.rec", f"1.{ENDINGS[form]}{'.gz' if packed else ''}", "2.rec")
    )
    first.write_bytes(data)
    rows = next(Reader(data).row_batches(1))
    dtype = rows.values.dtype.name
    labelled = rows.labels is not None
    out = convert(str(first), str(there), Reading(Format.RECORDIO), Writing(form))
    label = None if labelled else "none"
    width = rows.matrix.shape[1] if form is Format.LIBSVM else None
    reading = Reading(form, label=label, columns=width)
    back_account = convert(str(there), str(back), reading, Writing(Format.RECORDIO, dtype=dtype))
    assert out.rows == back_account.rows
    assert out.files == [(str(there), there.stat().st_size)]
    return back.read_bytes()


@pytest.mark.parametrize("form", [Format.CSV, Format.PARQUET, Format.JSON_LINES])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_dense_floats_come_back_bit_for_bit(
    form: Format, data: st.DataObject, folder: Path
) -> None:
    dtype = data.draw(FLOATS)
    finite = form is Format.JSON_LINES
    elements = {"allow_nan": not finite, "allow_infinity": not finite}
    x = data.draw(hnp.arrays(dtype, SHAPES, elements=elements))
    y = data.draw(st.none() | hnp.arrays(np.float32, len(x), elements=elements))
    write_dense(file := io.BytesIO(), x, y)
    packed = form is not Format.PARQUET and data.draw(st.booleans())
    (again, labels) = next(
        Reader(through(folder, file.getvalue(), form, packed=packed)).batches(99)
    )
    assert again.dtype == x.dtype
    np.testing.assert_array_equal(again, x)  # NaN equals NaN here
    assert np.array_equal(np.signbit(again[x == 0]), np.signbit(x[x == 0]))
    if y is None:
        assert labels is None
    else:
        np.testing.assert_array_equal(labels, y)


@pytest.mark.parametrize("form", list(Format))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_int32_come_back(form: Format, data: st.DataObject, folder: Path) -> None:
    x = data.draw(hnp.arrays(np.int32, SHAPES))
    y = np.arange(len(x), dtype=np.float32)
    write_dense(file := io.BytesIO(), x, y)
    (again, labels) = next(Reader(through(folder, file.getvalue(), form)).batches(99))
    assert again.dtype == np.int32
    dense = again.toarray() if form is Format.LIBSVM else again
    assert dense.tolist() == x.tolist()
    assert labels.tolist() == y.tolist()


@pytest.mark.parametrize("form", [Format.LIBSVM, Format.JSON_LINES, Format.PARQUET])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_sparse_rows_come_back(form: Format, data: st.DataObject, folder: Path) -> None:
    dtype = data.draw(FLOATS)
    elements = {"allow_nan": False, "allow_infinity": False}
    dense = data.draw(hnp.arrays(dtype, SHAPES, elements=elements, fill=st.just(0)))
    write_csr(file := io.BytesIO(), scipy.sparse.csr_matrix(dense), np.arange(len(dense)))
    (again, labels) = next(Reader(through(folder, file.getvalue(), form)).batches(99))
    assert again.dtype == dtype
    assert again.shape == dense.shape
    assert again.toarray().tolist() == dense.tolist()
    assert labels.tolist() == list(range(len(dense)))


def test_the_rows_of_many_batches_keep_their_order(folder: Path) -> None:
    x = np.arange(900_000, dtype=np.float32).reshape(-1, 3)
    write_dense(file := io.BytesIO(), x, np.arange(len(x)) % 7)
    for form in (Format.CSV, Format.JSON_LINES, Format.PARQUET):
        assert through(folder, file.getvalue(), form) == file.getvalue()
    sparse = through(folder, file.getvalue(), Format.LIBSVM)
    parts = [rows.toarray() for rows, _ in Reader(sparse).batches(4096)]
    np.testing.assert_array_equal(np.concatenate(parts), x)


def test_float32_has_its_own_shortest_digits(tmp_path: Path) -> None:
    write_dense(file := io.BytesIO(), np.array([[0.1, 7, 1e-7, 16777216]], np.float32), [3])
    (tmp_path / "a.rec").write_bytes(file.getvalue())
    texts = {
        "csv": "3,0.1,7,1e-7,16777216\n",
        "jsonl": '{"features": [0.1, 7, 1e-7, 16777216], "label": 3}\n',
        "libsvm": "3 1:0.1 2:7 3:1e-7 4:16777216\n",
    }
    for ending, text in texts.items():
        out = tmp_path / f"a.{ending}"
        form = format_of(str(out), option="--to")
        convert(str(tmp_path / "a.rec"), str(out), Reading(Format.RECORDIO), Writing(form))
        assert out.read_text() == text


def test_names_go_along(tmp_path: Path) -> None:
    table = {"age": [3, 4], "label": [1, 0], "si,ze": [0.5, 1.5]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    texts = {
        "csv": 'label,age,"si,ze"\n1,3,0.5\n0,4,1.5\n',
        "jsonl": '{"label": 1, "age": 3, "si,ze": 0.5}\n{"label": 0, "age": 4, "si,ze": 1.5}\n',
    }
    for ending, text in texts.items():
        out = tmp_path / f"a.{ending}"
        form = format_of(str(out), option="--to")
        source = str(tmp_path / "a.parquet")
        convert(source, str(out), Reading(Format.PARQUET), Writing(form, names=True))
        assert out.read_text() == text
        back = tmp_path / "back.parquet"
        reading = Reading(form, header=True)
        convert(str(out), str(back), reading, Writing(Format.PARQUET))
        assert {k: sorted(v) for k, v in pq.read_table(back).to_pydict().items()} == {
            k: sorted(v) for k, v in table.items()
        }


JSON_FORMS = [
    {"features": [0, 2.5], "label": 1},
    {"data": {"features": {"values": [0, 2.5]}}, "label": 1},
    {"data": {"features": [0, 2.5]}, "label": 1},
    {"data": {"features": {"keys": [1], "shape": [2], "values": [2.5]}}, "label": 1},
    {"features": {"keys": [1], "shape": [2], "values": [2.5]}, "label": 1},
    {"keys": [1], "shape": [2], "values": [2.5], "label": 1},
    {"a": 0, "label": 1, "b": 2.5},
]


@pytest.mark.parametrize("document", JSON_FORMS, ids=json.dumps)
def test_the_forms_of_json_lines(document: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(document).encode() + b"\n\n"))
    convert(
        str(tmp_path / "a.jsonl.gz"),
        str(tmp_path / "a.csv"),
        Reading(Format.JSON_LINES),
        Writing(Format.CSV),
    )
    assert (tmp_path / "a.csv").read_text() == "1,0,2.5\n"


def test_columns_are_chosen_by_name_and_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeffid,x,y,kind,z\nq,1,2,5,3\n\n'r', 4 ,5,6,\"6\"\n")
    choices = {
        ("kind", ("z", "1-2")): "5,3,1,2\n6,6,4,5\n",
        ("-2", ("-1",)): "5,3\n6,6\n",
        ("none", ("2", "x")): "2,1\n5,4\n",
        (None, ("x", "y")): None,  # the first column is the label, and text
    }
    for (label, features), text in choices.items():
        reading = Reading(Format.CSV, header=True, label=label, features=features)
        if text is None:
            with pytest.raises(ValueError, match=r'line 2, column 0 \(id\): "q" is no number'):
                convert(str(tmp_path / "a.csv"), "-", reading, Writing(Format.CSV))
            continue
        convert(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), reading, Writing(Format.CSV))
        assert (tmp_path / "b.csv").read_text() == text


def test_texts_that_have_no_column_are_counted(tmp_path: Path) -> None:
    keys = np.array([1], np.uint64)
    with (tmp_path / "a.rec").open("wb") as file:
        for tensor in (
            Tensor(np.ones(3, np.float32)),
            Tensor(np.array([1, 2, 3], np.int32)),
            Tensor(np.ones(1, np.float32), keys, (3,)),
        ):
            file.truncate(0)
            file.seek(0)
            plain = Record({"values": tensor})
            odd = [
                Record({"values": tensor}, uid="1"),
                Record({"values": tensor}, metadata="{}"),
                Record({"values": tensor}, configuration=""),
            ]
            write_records(file, [plain, plain, plain, *odd, plain, odd[0], plain])
            file.flush()
            account = convert(
                str(tmp_path / "a.rec"),
                str(tmp_path / "a.parquet"),
                Reading(Format.RECORDIO),
                Writing(Format.PARQUET),
            )
            assert account.rows == 9
            assert account.notes == ["4 records' uid, metadata or configuration are left out"]


def test_a_key_that_comes_twice_is_not_lost(tmp_path: Path) -> None:
    tensor = Tensor(np.ones(2, np.float32), np.array([1, 1], np.uint64), (3,))
    with (tmp_path / "a.rec").open("wb") as file:
        write_records(file, [Record({"values": tensor})])
    with pytest.raises(FilesError, match=r"record 0: column 1 \(from 0\) stands there twice"):
        convert(
            str(tmp_path / "a.rec"),
            str(tmp_path / "a.csv"),
            Reading(Format.RECORDIO),
            Writing(Format.CSV),
        )
