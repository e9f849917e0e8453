"""Reading: the same rows in every format give the same profile; what is odd is told, not fatal."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from moto import mock_aws

from penstock.monitor import Format, MonitorError, Parts, Profile, Reader, read_profile
from penstock.monitor.readers.reading import Reading

NAMES = ["size", "count", "colour"]


def rows(count: int = 300) -> list[dict[str, Any]]:
    generator = np.random.default_rng(8)
    return [
        {
            "size": None if n % 10 == 0 else float(generator.normal()),
            "count": int(generator.integers(0, 9)),
            "colour": str(generator.choice(["red", 'light "blue"', "a\nb"])),
        }
        for n in range(count)
    ]


def as_csv(some: list[dict[str, Any]], *, header: bool = True) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES)
    if header:
        writer.writeheader()
    writer.writerows(some)
    return text.getvalue()


def as_lines(some: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in some)


def side(data: str, content_type: str = "text/csv", encoding: str = "CSV") -> dict[str, str]:
    return {"observedContentType": content_type, "data": data, "encoding": encoding}


def capture(asked: dict[str, str], answered: dict[str, str] | None = None) -> str:
    sides = {"endpointInput": asked, **({"endpointOutput": answered} if answered else {})}
    return json.dumps({"captureData": sides, "eventVersion": "0"}) + "\n"


def figures(profile: Profile) -> dict[str, Any]:
    return {
        name: (
            column.inferred_type,
            column.present,
            column.missing,
            round(column.moments.mean, 9),
            column.moments.minimum,
            column.moments.maximum,
            column.inferred_type == "String" and column.categories.counts,
        )
        for name, column in profile.columns.items()
    }


def read(path: Path, **how: Any) -> tuple[Profile, Reading]:
    return read_profile(str(path), Reader(**how))


def test_every_format_gives_the_same_profile(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(as_csv(rows()), newline="")
    (tmp_path / "a.jsonl").write_text(as_lines(rows()))
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows()), tmp_path / "a.parquet")
    bodies = [json.dumps({"instances": [row]}) for row in rows()]
    (tmp_path / "capture.jsonl").write_text(
        "".join(capture(side(body, "application/json", "JSON")) for body in bodies)
    )
    (tmp_path / "no_ending").write_text(as_lines(rows()))
    expected = figures(read(tmp_path / "a.parquet")[0])
    assert expected["size"][:3] == ("Fractional", 270, 30)
    for name in ("a.csv", "a.jsonl", "capture.jsonl", "no_ending"):
        assert figures(read(tmp_path / name)[0]) == expected, name


def test_a_folder_is_all_its_visible_files(tmp_path: Path) -> None:
    half = rows()
    (tmp_path / "hour=1").mkdir()
    (tmp_path / "hour=1" / "a.csv").write_text(as_csv(half[:100]), newline="")
    pyarrow.parquet.write_table(pa.Table.from_pylist(half[100:]), tmp_path / "b.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "_temporary").mkdir()
    (tmp_path / "_temporary" / "c.csv").write_text("x\n1\n")
    profile, reading = read(tmp_path)
    assert (profile.item_count, reading.objects, reading.rows) == (300, 2, 300)
    assert list(profile.columns) == NAMES


def test_large_files_come_in_batches(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n' * 25_000)
    pyarrow.parquet.write_table(pa.table({"x": np.arange(200_000)}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("x\n" + "123456789\n" * 1_000_000)
    for name, most in (("a.jsonl", 10_000), ("a.parquet", 65_536), ("a.csv", 500_000)):
        sizes = [b.num_rows for b in Reader().batches(str(tmp_path / name), Reading())]
        assert len(sizes) > 1, name
        assert max(sizes) <= most, name


def test_prefixes_in_s3_are_read_like_folders() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="records/hour=1/a.csv", Body=as_csv(rows()[:100]))
        s3.put_object(Bucket="lake", Key="records/hour=2/b.jsonl", Body=as_lines(rows()[100:]))
        s3.put_object(Bucket="lake", Key="records/_temporary/c.csv", Body="x\n1\n")
        s3.put_object(Bucket="lake", Key="other/d.csv", Body="x\n1\n")
        profile, reading = read_profile("s3://lake/records/", Reader(s3=s3))
        assert (profile.item_count, reading.objects) == (300, 2)
        assert list(profile.columns) == NAMES
        empty, reading = read_profile("s3://lake/nothing/", Reader(s3=s3))
        assert (empty.item_count, reading.objects) == (0, 0)
        with pytest.raises(MonitorError, match="s3://desert/x cannot be listed"):
            read_profile("s3://desert/x", Reader(s3=s3))


def test_captured_csv_takes_its_names_by_place(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(capture(side("1,2.5,red\n2,,blue,9\n")))
    profile, _ = read(tmp_path / "c.jsonl", names=NAMES)
    assert list(profile.columns) == [*NAMES, "_c3"]
    assert profile.item_count == 2
    assert (profile.columns["count"].present, profile.columns["count"].missing) == (1, 1)


def test_answers_come_first_when_both_sides_are_read(tmp_path: Path) -> None:
    asked = side("5,6")
    answer = json.dumps({"predictions": [{"score": [0.25, 0.75], "predicted_label": 1}]})
    (tmp_path / "c.jsonl").write_text(
        capture(asked, side(answer, "application/json", "JSON"))
        + capture(side("7,8"), side("1", "text/csv; charset=utf-8", "CSV"))
    )
    both, reading = read(tmp_path / "c.jsonl", parts=Parts.BOTH)
    assert not reading.skipped
    # the second answer is CSV: it stands before the request's values
    assert both.columns["_c2"].distribution.values.tolist() == [8]
    output, _ = read(tmp_path / "c.jsonl", parts=Parts.OUTPUT)
    assert set(output.columns) == {"score_0", "score_1", "predicted_label", "_c0"}
    assert output.columns["score_1"].moments.mean == 0.75


def test_base64_bodies_are_decoded_by_their_content_type(tmp_path: Path) -> None:
    def hidden(data: bytes, content_type: str) -> str:
        return capture(side(base64.b64encode(data).decode(), content_type, "BASE64"))

    (tmp_path / "c.jsonl").write_text(
        hidden(b"1,2\n", "text/csv")
        + hidden(b'{"_c0": 3, "_c1": 4}', "application/json")
        + hidden(b'{"_c0": 5}\n{"_c0": 7}\n', "application/jsonlines")
        + hidden(b"\xff\xfe", "text/csv")
    )
    profile, reading = read(tmp_path / "c.jsonl")
    assert profile.item_count == 4
    assert profile.columns["_c0"].distribution.values.tolist() == [1, 3, 5, 7]
    assert reading.lines() == [
        "1 records skipped: endpointInput of content type 'text/csv' is no UTF-8 text in BASE64"
    ]


def answered(body: str, content_type: str = "application/json", encoding: str = "JSON") -> str:
    """A capture record of an answer to a picture, which nobody reads."""
    data = base64.b64encode(body.encode()).decode() if encoding == "BASE64" else body
    return capture(side("AAAA", "image/png", "BASE64"), side(data, content_type, encoding))


def predictions(*some: dict[str, Any]) -> str:
    return json.dumps({"predictions": [{"scores": [0.5, 0.5], **one} for one in some]})


ANSWERS: dict[str, Any] = {"parts": Parts.OUTPUT, "columns": ("tokens", "predicted_label")}
LONG, SHORT = {"tokens": 187, "predicted_label": 1}, {"tokens": 9, "predicted_label": 0}


@pytest.mark.parametrize(
    "line",
    [
        answered(predictions(LONG, SHORT)),
        answered(predictions(LONG, SHORT), encoding="BASE64"),
        answered(predictions(LONG, SHORT), "application/json; charset=utf-8"),
        answered(f"{json.dumps(LONG)}\n{json.dumps(SHORT)}\n", "application/jsonlines", "BASE64"),
        answered(f"{json.dumps(LONG)}\n{json.dumps(SHORT)}\n", "application/jsonlines"),
        answered(predictions(LONG)) + answered(json.dumps(SHORT)),
    ],
)
def test_each_prediction_of_an_answer_is_a_row_of_the_chosen_columns(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / "c.jsonl").write_text(line)
    profile, reading = read(tmp_path / "c.jsonl", **ANSWERS)
    assert list(profile.columns) == ["tokens", "predicted_label"]
    assert (profile.item_count, reading.lines()) == (2, [])
    assert profile.columns["tokens"].distribution.values.tolist() == [9, 187]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            answered(json.dumps({"error": "no text"})),
            "no prediction with tokens or predicted_label",
        ),
        (answered(predictions({"label": 1})), "no prediction with tokens or predicted_label"),
        (answered('{"predictions": []}'), "no prediction with tokens or predicted_label"),
        (answered('{"predictions": [1, 0]}'), "no prediction with tokens or predicted_label"),
        (answered("1,0\n", "text/csv", "CSV"), "no prediction with tokens or predicted_label"),
        (answered("<html>", "application/json"), "endpointOutput is not application/json"),
        (answered("<html>", "text/html", "BASE64"), "endpointOutput has content type 'text/html'"),
        (capture(side("1,2")), "endpointOutput is not in the record"),
    ],
)
def test_an_answer_without_predictions_is_counted(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "c.jsonl").write_text(line + answered(predictions(LONG)) + line)
    profile, reading = read(tmp_path / "c.jsonl", **ANSWERS)
    assert profile.item_count == 1
    (told,) = reading.lines()
    assert told.startswith("2 records skipped: ")
    assert why in told


def test_a_prediction_that_lacks_a_column_has_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(answered(predictions(LONG, {"tokens": 3}, {})))
    profile, reading = read(tmp_path / "c.jsonl", **ANSWERS)
    assert (profile.item_count, reading.lines()) == (3, [])
    assert profile.columns["tokens"].missing == 1
    assert profile.columns["predicted_label"].missing == 2


def test_of_tables_the_chosen_columns_are_read_and_an_absent_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(as_csv(rows()), newline="")
    assert list(read(tmp_path / "a.csv", columns=("colour", "count"))[0].columns) == [
        "colour",
        "count",
    ]
    with pytest.raises(MonitorError, match="has no column label; it has size, count, colour"):
        read(tmp_path / "a.csv", columns=("count", "label"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (capture(side("AAAA", "image/png", "BASE64")), "has content type 'image/png'"),
        (capture(side("{", "application/json", "JSON")), "is not application/json"),
        (capture(side("x", "text/csv", "ROT13")), "has encoding 'ROT13'"),
        (capture({"observedContentType": "text/csv", "encoding": "CSV"}), "has no data"),
        ('{"captureData": {"endpointOutput": {}}}\n', "endpointInput is not in the record"),
        ("{broken\n", "not a capture record"),
        ("[1]\n", "not a capture record"),
    ],
)
def test_a_capture_record_that_cannot_be_read_is_counted(
    tmp_path: Path, line: str, why: str
) -> None:
    (tmp_path / "c.jsonl").write_text(capture(side("1,2")) + line + line)
    profile, reading = read(tmp_path / "c.jsonl")
    assert profile.item_count == 1
    assert sum(reading.skipped.values()) == 2
    assert why in reading.lines()[0]
    assert len(reading.lines()) == 1


def test_sides_of_different_length_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(capture(side("1\n2\n"), side("1\n")))
    profile, reading = read(tmp_path / "c.jsonl", parts=Parts.BOTH)
    assert profile.item_count == 0
    assert "different numbers of rows" in reading.lines()[0]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", b"x,y\n1\n", "a.csv is no CSV with 2 columns"),
        ("a.csv", b"\xff\xfe\n1\n", "a.csv is not UTF-8 text"),
        ("a.jsonl", b'{"x": 1}\n{oops\n', "a.jsonl, line 2: not JSON"),
        ("a.json", b"[1, 2]\n", "a.json, line 1: a JSON list; JSON lines must be objects"),
        ("a.jsonl", b'{"x": [1]}\n', "field x holds a list: JSON lines must be flat"),
        ("a.parquet", b"PAR1 or so", "a.parquet is no Parquet file"),
    ],
)
def test_wrong_content_is_one_clear_line(
    tmp_path: Path, name: str, content: bytes, line: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MonitorError, match=line):
        read(tmp_path / name)


def test_a_damaged_page_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"x": np.arange(1000)}), path, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)
    with pytest.raises(MonitorError, match=r"a\.parquet is no Parquet file that can be read"):
        read(path)


@pytest.mark.parametrize("content", ["", "x,y\n"])
def test_a_file_without_rows_has_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    assert read(tmp_path / "a.csv")[0].item_count == 0


def test_rows_without_fields_still_count(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n{}\n")
    assert read(tmp_path / "a.jsonl", format=Format.JSON_LINES)[0].item_count == 2


def test_an_absent_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="no such file"):
        read(tmp_path / "none.csv")
