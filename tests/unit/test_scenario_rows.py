"""Held-out rows and the requests with them: quotes, sizes, the form that the endpoint reads."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.rows import (
    CSV,
    JSON,
    REQUEST_BYTES,
    ROWS_PER_REQUEST,
    Row,
    content_type,
    held_out_rows,
    requests,
)

LIMIT_BYTES = 6 << 20  # of a request to an endpoint


def read(*lines: list[str]) -> list[Row]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["id", "label", "text"], *lines])

    class Lake:
        def get_object(self, **_request: str) -> dict[str, Any]:
            return {"Body": io.BytesIO(text.getvalue().encode())}

    aws = Aws(client=lambda _service: Lake(), poll_seconds=0, patience_seconds=0)
    return held_out_rows(aws, "s3://lake/prepared/1/")


def test_a_text_keeps_its_quotes_commas_and_length() -> None:
    long = "a film , " * 40_000
    assert read(["neg-1", "0", 'a "bad" film , é'], ["pos-1", "1", long]) == [
        Row("0", ('a "bad" film , é',)),
        Row("1", (long,)),
    ]


def test_numbers_are_sent_as_lines_and_texts_as_json() -> None:
    (numbers,) = requests([Row("1", ("1", "2")), Row("0", ("3", ""))], CSV)
    assert numbers.body == b"1,2\n3,"
    texts = ['a "bad"\nfilm , é', "b"]
    (found,) = requests([Row("0", (text,)) for text in texts], JSON)
    assert json.loads(found.body) == {"texts": texts}


def test_small_rows_fill_a_request_by_number_and_large_ones_by_size() -> None:
    small = [Row("0", ("a film",))] * (ROWS_PER_REQUEST + 1)
    assert [len(found.rows) for found in requests(small, JSON)] == [ROWS_PER_REQUEST, 1]
    large = [Row("0", ("é" * 200_000,))] * 10  # six bytes each in JSON
    found = list(requests(large, JSON))
    assert [len(one.rows) for one in found] == [4, 4, 2]
    assert max(len(one.body) for one in found) <= REQUEST_BYTES < LIMIT_BYTES
    assert [row for one in found for row in one.rows] == large


def test_a_row_that_is_too_large_by_itself_is_left_to_the_endpoint() -> None:
    rows = [Row("0", (text,)) for text in ("a", "b" * REQUEST_BYTES, "c")]
    assert [len(found.rows) for found in requests(rows, JSON)] == [1, 1, 1]


def test_no_row_is_no_request() -> None:
    assert list(requests([], CSV)) == []


def test_the_stage_says_the_form_of_its_requests() -> None:
    assert content_type(Stage("digits", "dev", {})) == CSV
    assert content_type(Stage("reviews", "dev", {"RequestContentType": JSON})) == JSON
    with pytest.raises(StepFailedError, match="RequestContentType is image/png"):
        content_type(Stage("films", "dev", {"RequestContentType": "image/png"}))
