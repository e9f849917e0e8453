"""The records of a run: the sample, a CSV, JSON lines, broken ones, and files that are refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.data import records_to_send
from penstock.cli.errors import UsageError
from pipelines import digits
from tests.synth.series import METERS

PIXELS = [float(n % 17) for n in range(64)]


def send(data: Path | None = None, **options: Any) -> list[bytes]:
    wanted: dict[str, Any] = {"count": None, "broken_count": 0, **options}
    return records_to_send(digits.PIPELINE, data=data, **wanted).records


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def test_the_sample_is_sent_whole_with_some_records_twice() -> None:
    ids = [json.loads(body)["id"] for body in send()]
    assert len(set(ids)) == 1797
    assert len(ids) == 1797 + 18


def test_count_limits_the_good_records() -> None:
    assert len({json.loads(body)["id"] for body in send(count=250)}) == 250


def test_broken_records_are_spread_among_the_good_ones() -> None:
    sending = send(count=100, broken_count=7)
    schema = digits.PIPELINE.record_schema
    places = [
        place
        for place, body in enumerate(sending)
        if parsed(body) is None or schema.problem(parsed(body)) or len(body) > 8 * 1024
    ]
    assert len(places) == 7
    assert max(b - a for a, b in itertools.pairwise(places)) > 3


def test_more_broken_records_than_kinds_go_round() -> None:
    assert len(send(count=10, broken_count=20)) == 10 + 1 + 20


def test_a_csv_with_flat_columns(tmp_path: Path) -> None:
    path = tmp_path / "digits.csv"
    columns = digits.PIPELINE.record_schema.flat_columns()
    row = ["a", *map(str, PIXELS), "3"]
    path.write_text(",".join(columns) + "\n" + ",".join(row) + "\n")
    assert json.loads(send(path)[0]) == {"id": "a", "pixels": PIXELS, "label": 3}


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "digits.jsonl"
    record = {"id": "a", "pixels": PIXELS, "label": 3}
    path.write_text(json.dumps(record) + "\n\n")
    assert [json.loads(body) for body in send(path)] == [record, record]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.csv", None, "no such file"),
        ("binary.jsonl", b"\xff\xfe", "UTF-8"),
        ("empty.jsonl", b"", "no record"),
        ("missing.csv", b"id,label\na,3\n", "column pixels_0 and 63 more missing"),
        ("text.jsonl", b"hello\n", "line 1: not JSON"),
        ("list.jsonl", b"[]\n", "line 1: not a JSON object"),
        ("short.jsonl", b'{"id": "a", "label": 3}\n', "field pixels missing"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as refused:
        send(path)
    assert "\n" not in str(refused.value)


def test_a_csv_value_of_the_wrong_type_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "digits.csv"
    columns = digits.PIPELINE.record_schema.flat_columns()
    good = ["a", *map(str, PIXELS), "3"]
    bad = ["b", "x", *map(str, PIXELS[1:]), "3"]
    path.write_text("\n".join([",".join(columns), ",".join(good), ",".join(bad)]) + "\n")
    with pytest.raises(UsageError, match=r"line 3.*pixels_0"):
        send(path)


def test_the_source_is_what_is_really_sent(tmp_path: Path) -> None:
    sample = records_to_send(digits.PIPELINE, data=None, count=1, broken_count=0)
    assert sample.source == digits.sample().source
    path = tmp_path / "digits.jsonl"
    path.write_text(json.dumps({"id": "a", "pixels": PIXELS, "label": 3}))
    own = records_to_send(digits.PIPELINE, data=path, count=None, broken_count=0)
    assert own.source == str(path)


def meters(data: Path, **options: Any) -> list[Any]:
    """The good records of the pipeline of meters."""
    wanted: dict[str, Any] = {"count": None, "broken_count": 0, **options}
    sending = records_to_send(METERS, data=data, **wanted)
    return [json.loads(body) for body in sending.records[:-1]]  # the last was sent twice


def test_a_folder_of_series_is_read_for_a_pipeline_of_series(tmp_path: Path) -> None:
    for meter in "ab":
        lines = [f"2026-01-0{day},{day}.5" for day in (1, 2, 3)]
        (tmp_path / f"{meter}.csv").write_text("\n".join(["at,flow", *lines]))
    sent = meters(tmp_path)
    assert [record["meter"] for record in sent] == [*"ababab"]
    assert sent[0] == {"meter": "a", "at": "2026-01-01T00:00:00Z", "flow": 1.5}
    assert meters(tmp_path / "a.csv") == sent[::2]
    assert meters(tmp_path, count=5) == sent[:4]
    with pytest.raises(UsageError, match=r"--records 1: there are 2 series.*use 2 or more"):
        meters(tmp_path, count=1)


def test_json_lines_of_series_may_lack_the_label(tmp_path: Path) -> None:
    path = tmp_path / "meters.jsonl"
    records = [{"meter": "a", "at": f"2026-01-0{day}", "flow": day} for day in (1, 2)]
    path.write_text("\n".join(map(json.dumps, records)))
    assert meters(path) == records
    assert meters(path, count=1) == records[:1]


def test_a_folder_is_refused_where_records_are_no_series(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only pipelines of time series or texts"):
        send(tmp_path)


def test_what_is_wrong_with_a_series_is_told_with_the_option(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("at,flow\n2026-01-01,high\n")
    with pytest.raises(UsageError, match=r"^--data .*a\.csv, line 2: column flow: 'high'"):
        meters(tmp_path)
