"""Copies are what arrived more often than it was sent, whatever else is in the lake."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.scenario.arrivals import Arrivals


def file(*rows: dict[str, Any]) -> pq.ParquetFile:
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), body)
    return pq.ParquetFile(body)


def record(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def copies(
    sent: list[bytes],
    rows: list[dict[str, Any]],
    failed: list[bytes],
    unfit: Sequence[dict[str, Any]] = (),
) -> tuple[int, int, int]:
    arrivals = Arrivals()
    arrivals.sent(sent)
    if rows:
        arrivals.rows(file(*rows))
    for raw in failed:
        arrivals.failed(sha256(raw))
    for row in unfit:
        arrivals.unfit(json.dumps(row).encode())
    found = arrivals.copies()
    assert found.total == found.rows + found.transform + found.conversion
    return found.rows, found.transform, found.conversion


GOOD = record(id="a", pixels=[1, 2.5], extra="no column")
ROW = {"id": "a", "pixels_0": 1.0, "pixels_1": 2.5}


def test_a_row_that_came_twice_is_a_copy() -> None:
    assert copies([GOOD], [ROW], []) == (0, 0, 0)
    assert copies([GOOD], [ROW, ROW, ROW], []) == (2, 0, 0)


def test_what_was_sent_twice_may_come_twice() -> None:
    assert copies([GOOD, GOOD], [ROW, ROW], []) == (0, 0, 0)
    assert copies([GOOD, GOOD], [ROW, ROW, ROW], []) == (1, 0, 0)


def test_an_error_line_that_came_twice_is_a_copy() -> None:
    assert copies([b"no json"], [], [b"no json", b"no json"]) == (0, 1, 0)


def test_a_row_of_a_record_that_also_failed_is_a_copy() -> None:
    assert copies([GOOD], [ROW], [GOOD]) == (1, 0, 0)


def test_what_looks_like_nothing_that_was_sent_is_nobodys_copy() -> None:
    assert copies([GOOD], [{**ROW, "id": "b"}] * 2, [b"other"] * 2) == (0, 0, 0)


@pytest.mark.parametrize("at", ["2026-11-22T10:00:00", "2026-11-22T11:00:00+01:00"])
def test_a_time_is_the_same_in_each_of_its_forms(at: str) -> None:
    row = {"series": "cpu", "timestamp": "2026-11-22T10:00:00Z", "value": 3.0}
    assert copies([record(series="cpu", timestamp=at, value=3)], [row, row], []) == (1, 0, 0)


def test_a_column_that_a_record_lacks_is_null() -> None:
    row = {"id": "a", "label": None}
    assert copies([record(id="a")], [row, row], []) == (1, 0, 0)


def test_broken_records_have_no_row() -> None:
    broken = record(id="a", pixels=[1, 2.5, 3])  # the same to a row's columns
    assert copies([GOOD, broken], [ROW, ROW], [broken, broken]) == (1, 1, 0)


def test_a_record_that_did_not_fit_twice_has_one_copy() -> None:
    rows = [{**ROW, "id": "b"}]
    sent = [GOOD, record(id="b", pixels=[1, 2.5])]
    assert copies(sent, rows, [], [ROW]) == (0, 0, 0)
    assert copies(sent, rows, [], [ROW, ROW]) == (0, 0, 1)
    assert copies(sent, [*rows, ROW], [], [ROW]) == (1, 0, 0)
