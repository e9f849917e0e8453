"""Requests to a hosted model: every format that is taken, one clear line for what is not."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from penstock.localcloud.engines.container.requests import BadRequestError, rows_of
from penstock.recordio import write_csr, write_dense

ROWS = [[1.0, 2.5, -3.0], [4.0, 0.0, 1e-3]]


def recordio(rows: list[list[float]]) -> bytes:
    file = io.BytesIO()
    write_dense(file, np.array(rows, dtype=np.float32))
    return file.getvalue()


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"1,2.5,-3\n4,0,0.001", "text/csv"),
        (b"1,2.5,-3\r\n4,0,0.001\r\n\r\n", "text/csv; charset=utf-8"),
        (as_json({"instances": [{"features": row} for row in ROWS]}), "application/json"),
        (
            as_json({"instances": [{"data": {"features": {"values": row}}} for row in ROWS]}),
            "application/json",
        ),
        (recordio(ROWS), "application/x-recordio-protobuf"),
    ],
)
def test_every_format_gives_the_same_rows(body: bytes, content_type: str) -> None:
    assert rows_of(body, content_type, 3) == pytest.approx(np.array(ROWS))


def sparse_recordio(rows: list[list[float]]) -> bytes:
    file = io.BytesIO()
    write_csr(file, csr_array(np.array(rows, dtype=np.float32)))
    return file.getvalue()


def test_sparse_records_are_filled_with_zeros_and_may_stand_beside_dense_ones() -> None:
    rows = [[0.0, 7.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 2.0]]
    found = rows_of(sparse_recordio(rows), "application/x-recordio-protobuf", 3)
    assert found.tolist() == rows
    mixed = recordio(ROWS[:1]) + sparse_recordio(rows[:1])
    assert rows_of(mixed, "application/x-recordio-protobuf", 3).tolist() == [ROWS[0], rows[0]]


def test_a_sparse_record_of_another_width_is_refused_before_it_is_filled() -> None:
    wide = csr_array((np.ones(1, np.float32), [10**12], [0, 1]), shape=(1, 10**12 + 1))
    file = io.BytesIO()
    write_csr(file, wide)
    with pytest.raises(BadRequestError, match="1000000000001 features, the model has 3"):
        rows_of(file.getvalue(), "application/x-recordio-protobuf", 3)


def test_a_sparse_instance_is_filled_with_zeros() -> None:
    tensor = {"values": [7.0, 8.0], "keys": [0, 2], "shape": [4]}
    body = as_json({"instances": [{"data": {"features": tensor}}]})
    assert rows_of(body, "application/json", 4).tolist() == [[7.0, 0.0, 8.0, 0.0]]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        (b"1,2", "text/csv", 400, "a row has 2 features, the model has 3"),
        (b"1,2,x", "text/csv", 400, "not CSV of numbers"),
        (b"1,2,3\n1,2", "text/csv", 400, "not CSV of numbers"),
        (b"1,2,nan", "text/csv", 400, "not a finite number"),
        (b" \n", "text/csv", 400, "empty"),
        (b"\xff,1,2", "text/csv", 400, "not CSV of numbers"),
        (b"{", "application/json", 400, "not JSON"),
        (b"[1,2,3]", "application/json", 400, "no instances"),
        (as_json({"instances": []}), "application/json", 400, "no instances"),
        (as_json({"instances": [{"x": 1}]}), "application/json", 400, "instance 0: no features"),
        (
            as_json({"instances": [{"features": [1, 2, 3]}, {"features": [1, 2, "3"]}]}),
            "application/json",
            400,
            "instance 1: a feature is not a number",
        ),
        (
            as_json({"instances": [{"features": [1, 2, 3]}, {"features": [1]}]}),
            "application/json",
            400,
            "different numbers of features",
        ),
        (
            as_json(
                {"instances": [{"data": {"features": {"values": [1], "keys": [9], "shape": [3]}}}]}
            ),
            "application/json",
            400,
            "each from 0 to shape - 1",
        ),
        (b"nothing of the kind", "application/x-recordio-protobuf", 400, "RecordIO"),
        (b"", "application/x-recordio-protobuf", 400, "no record"),
        (b"1,2,3", "image/png", 415, "content type 'image/png' is not supported"),
        (b"1,2,3", "", 415, "text/csv"),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_line(
    body: bytes, content_type: str, status: int, words: str
) -> None:
    with pytest.raises(BadRequestError) as caught:
        rows_of(body, content_type, 3)
    assert caught.value.status == status
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
