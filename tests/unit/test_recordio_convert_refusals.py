"""What another format cannot hold is refused with its place, and nothing is left of the output."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_records,
)
from penstock.recordio.files import FilesError, Format, Reading, Writing, convert, format_of

# file, how it is read, how it is written, what is said
TEXTS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], str]] = {
    "text": ("a.csv", "1,2\n\n0,x\n", {}, {}, 'line 3, column 1: "x" is no number, number its'),
    "label": ("a.csv", "1,2\nno,3\n", {}, {}, 'line 2, column 0: "no" is no number, the label: nu'),
    "names": ("a.csv", "a,b\n0,1\n", {}, {}, r"line 1, .*\(a line of names\? then give --header\)"),
    "missing": ("a.csv", "1,2\n0,\n", {}, {}, "line 2, column 1: the value is missing: fill it in"),
    "NA": (
        "a.csv",
        "y,b\n0,NA\n",
        {"header": True},
        {},
        r'line 2, column 1 \(b\): .*missing \("NA',
    ),
    "short": ("a.csv", "1,2\n0\n", {}, {}, "line 2 has 1 columns, the first has 2"),
    "long": ("a.csv", "1,2\n0,3\n0,3,4\n", {}, {}, "line 3 has 3 columns, the first has 2"),
    "int32 range": ("a.csv", "0,3000000000\n", {}, {"dtype": "int32"}, "line 1, column 1: 30000"),
    "int32 fraction": ("a.csv", "0,1\n0,1.5\n", {}, {"dtype": "int32"}, "line 2, .* 1.5 is no int"),
    "int32 NaN": (
        "a.csv",
        "0,1\n0,nan\n",
        {},
        {"dtype": "int32"},
        "line 2, column 1: nan is no in",
    ),
    "float32 range": ("a.csv", "0,-1e39\n", {}, {}, "line 1, column 1: -1e\\+39 is beyond float32"),
    "float64 range": ("a.csv", "0,1e400\n", {}, {}, "line 1, column 1: 1e400 is beyond float64"),
    "digits": (
        "a.csv",
        "0,1\n0,9007199254740993\n",
        {},
        {},
        "line 2, column 1: 9007.* more digits",
    ),
    "JSON digits": (
        "a.jsonl",
        '{"a": 9007199254740993, "b": 0.5}',
        {},
        {},
        "line 1, a: 9007.* more",
    ),
    "huge": ("a.jsonl", '{"a": 1' + "0" * 400 + "}", {}, {}, "line 1, a: 1000.* more digits"),
    "svm digits": ("a.svm", "1 1:1\n1 1:9007199254740993\n", {}, {}, "line 2: 90071.* more digits"),
    "label exact": (
        "a.csv",
        "16777217,1\n",
        {},
        {},
        "line 1, column 0, the label: 16777217 has no",
    ),
    "no column": (
        "a.csv",
        "y,b\n0,1\n",
        {"header": True, "label": "z"},
        {},
        "--label z: there is no such column: there are y, b",
    ),
    "no number": ("a.csv", "0,1\n", {"label": "2"}, {}, "--label 2: .* 2 columns, 0 to 1"),
    "label twice": (
        "a.csv",
        "0,1\n",
        {"label": "0", "features": ["0"]},
        {},
        "the label, column 0, is among the features",
    ),
    "empty": ("a.csv", "", {}, {}, "there are no rows"),
    "header alone": ("a.csv", "a,b\n", {"header": True}, {}, "there are no rows"),
    "JSON": ("a.jsonl", '{"features": [1]}\n{"features": [1]\n', {}, {}, "line 2 is no JSON: "),
    "array": ("a.jsonl", "[1, 2]\n", {}, {}, "line 1 is no object"),
    "JSON text": ("a.jsonl", '{"features": [1, "2"]}', {}, {}, 'line 1, feature 1: "2" is no num'),
    "null": (
        "a.jsonl",
        '{"a": 1}\n{"a": null}\n',
        {},
        {},
        r"line 2, a: the value is missing \(null",
    ),
    "no key": ("a.jsonl", '{"a": 1}\n\n{"b": 1}\n', {}, {}, "line 3 has no a: it has b"),
    "width": (
        "a.jsonl",
        '{"features": [1]}\n{"features": [1, 2]}',
        {},
        {},
        "line 2 has 2 features",
    ),
    "late label": (
        "a.jsonl",
        '{"features": [1]}\n{"features": [1], "label": 1}',
        {},
        {},
        "line 2 has a label, the first one has none",
    ),
    "kinds": (
        "a.jsonl",
        '{"features": [1]}\n{"keys": [0], "shape": [1], "values": [1]}',
        {},
        {},
        "line 2 is sparse",
    ),
    "keys": ("a.jsonl", '{"keys": [4], "shape": [4], "values": [1]}', {}, {}, "line 1: column 4 "),
    "libsvm": ("a.svm", "1 1:2\n1 1:x\n", {}, {}, 'line 2: "1:x" where index:value is expected'),
    "colons": ("a.svm", "1 3:4 5 6:7:8\n", {}, {}, 'line 1: "5" where index:value'),
    "blank": ("a.svm", "1 2 :5\n", {}, {}, 'line 1: "2" where index:value'),
    "no label": ("a.svm", "1 1:2\n# x\n1:2 2:3\n", {}, {}, 'line 3: "1:2" where a number as label'),
    "query": ("a.svm", "1 qid:3 1:2\n", {}, {}, 'line 1: "qid:3" where index:value'),
    "index 0": (
        "a.svm",
        "1 0:2\n",
        {"columns": 3},
        {},
        "line 1: index 0 lies below 1: .*--first-in",
    ),
    "index": ("a.svm", "1\n1 4:2\n", {"columns": 3}, {}, "line 2: column 3 .* outside of 0 to 2"),
    "twice": (
        "a.svm",
        "1 2:2 1:1 2:1\n",
        {},
        {},
        r"line 1: column 1 \(from 0\) stands there twice",
    ),
    "no width": ("a.svm", "1\n0\n", {}, {}, "no line has a value, .* give --columns"),
    "libsvm label": (
        "a.csv",
        "1,2\n",
        {"label": "none"},
        {"format": "libsvm"},
        "line 1 has no label",
    ),
    "JSON NaN": (
        "a.csv",
        "1,2\n1,nan\n",
        {},
        {"format": "jsonl"},
        "line 2, column 1: JSON has no na",
    ),
    "gzip": ("a.csv.gz", "1,2\n", {}, {}, "not whole as gzip"),
    "Parquet": ("a.parquet", "1,2\n", {}, {}, "not whole as Parquet"),
    "records": (
        "a.rec",
        "1,2\n3,4\n",
        {},
        {"format": "csv"},
        "record 0 at byte 0: expected the magic",
    ),
}


def refusal(source: Path, reading: dict[str, Any], writing: dict[str, Any]) -> str:
    """What is said; nothing must be left behind."""
    form = Format(writing.pop("format", "recordio"))
    target = source.with_name("out")
    before = sorted(source.parent.iterdir())
    read = Reading(format_of(str(source), option="--from"), **reading)
    with pytest.raises(FilesError) as refused:
        convert(str(source), str(target), read, Writing(form, **writing))
    assert sorted(source.parent.iterdir()) == before
    said = str(refused.value)
    assert said.startswith(f"{source}: ")
    return said.removeprefix(f"{source}: ")


@pytest.mark.parametrize("case", TEXTS)
def test_text_is_refused_at_its_line(case: str, tmp_path: Path) -> None:
    name, text, reading, writing, expected = TEXTS[case]
    (tmp_path / name).write_text(text)
    said = refusal(tmp_path / name, dict(reading), dict(writing))
    assert re.match(expected, said), said


TABLES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "text": (
        {"a": [1.0], "b": ["x"]},
        {},
        r"column 1 \(b\) has type (large_)?string, expected numb",
    ),
    "null": ({"a": [1.0, None]}, {}, r"row 1, column 0 \(a\): the value is missing"),
    "int64": (
        {"a": [1, 1 << 40]},
        {"dtype": "int32"},
        r"row 1, column 0 \(a\): 1099511627776 is no",
    ),
    "lists": ({"f": [[1.0, 2.0], [1.0]]}, {}, r"row 1, column 0 \(f\): 1 values, 2 are expected"),
    "keys": (
        {"keys": [[5]], "values": [[1.0]]},
        {},
        "the sparse rows do not say how many .* give --columns",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_parquet_is_refused_at_its_row(case: str, tmp_path: Path) -> None:
    columns, writing, expected = TABLES[case]
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    said = refusal(tmp_path / "a.parquet", {}, dict(writing))
    assert re.match(expected, said), said


def test_a_parquet_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.arange(9.0)}), path := tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(path, {}, {}).startswith("not whole as Parquet")


def test_records_that_are_no_rows_are_refused_with_record_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    numbers = Tensor(np.array([1, 2], np.float32))
    odd = {
        "found ['source', 'target']": Record({"source": numbers, "target": numbers}),
        "the record holds bytes": Record({"values": BytesTensor((b"x",))}),
        "3 float32 values": Record({"values": Tensor(np.ones(3, np.float32))}),
    }
    for words, record in odd.items():
        with path.open("wb") as file:
            size = write_dense(file, np.ones((1, 2), np.float32))
            write_records(file, [record])
        said = refusal(path, {}, {"format": "csv"})
        assert said.startswith(f"record 1 at byte {size}: ")
        assert words in said


def test_dense_and_sparse_records_need_a_choice_for_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    with path.open("wb") as file:
        write_dense(file, np.ones((1, 2), np.float32))
        write_csr(file, scipy.sparse.csr_matrix(np.ones((1, 2), np.float32)))
    assert "give --dense or --sparse" in refusal(path, {}, {"format": "parquet"})
    out = str(tmp_path / "b.parquet")
    convert(str(path), out, Reading(Format.RECORDIO), Writing(Format.PARQUET, sparse=False))
    assert pq.read_table(out).to_pydict() == {"f0": [1, 1], "f1": [1, 1]}


def test_large_whole_numbers_are_counted_when_they_are_rounded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,16777216,0.1\n1,5,3\n1,16777217,123456789\n")
    account = convert(
        str(tmp_path / "a.csv"),
        str(tmp_path / "a.rec"),
        Reading(Format.CSV),
        Writing(Format.RECORDIO),
    )
    label, note = account.notes
    assert label == "label: column 0"
    assert note.startswith("2 whole numbers have no exact float32 and were rounded")
    assert note.endswith("line 3, column 1")
    rows, _ = next(Reader(io.BytesIO((tmp_path / "a.rec").read_bytes())).batches(9))
    assert rows[2].tolist() == [16777216, 123456792]


def test_endings_that_say_nothing_and_places_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(
        FilesError, match=r"a\.txt: the ending does not say .* give --from recordio"
    ):
        format_of("a.txt", option="--from")
    with pytest.raises(FilesError, match="give --to"):
        format_of("-", option="--to")
    (tmp_path / "a.csv").write_text("1,2\n")
    cases = {
        ("none.csv", "a.rec"): "none.csv: No such file or directory",
        ("a.csv", "none/a.rec"): "none/a.rec: No such file or directory",
        ("a.csv", "."): ": Is a directory",
        (
            "a.csv",
            "a.rec.gz",
        ): r"a.rec.gz: .gz is for text \(csv, jsonl, libsvm\), not for recordio",
    }
    for (source, target), words in cases.items():
        with pytest.raises(FilesError, match=words):
            convert(
                str(tmp_path / source),
                str(tmp_path / target),
                Reading(Format.CSV),
                Writing(Format.RECORDIO),
            )
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
