"""The test rows that an endpoint is asked about, and the bodies of requests with them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.scenario.aws import Aws, Stage, StepFailedError

ROWS_AT_MOST = 1000
ROWS_PER_REQUEST = 25  # the answer comes within its 60 s
# InvokeEndpoint takes 6 MB (6 291 456 bytes; SageMaker API reference)
REQUEST_BYTES = 5_000_000
CSV, JSON = "text/csv", "application/json"


@dataclass(frozen=True)
class Row:
    """One row of the test channel, label and features as the CSV has them.

    The label is empty where nobody knows it. A text is the only feature of its row.
    """

    label: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """Some rows as the endpoint reads them."""

    rows: Sequence[Row]
    body: bytes


def held_out_rows(aws: Aws, prepared_uri: str) -> list[Row]:
    """Rows of holdout/test.csv, which no model was trained on: all, or some from all over it."""
    text = aws.read(f"{prepared_uri}holdout/test.csv").decode()
    # a text may be longer than the 128 KiB that the module takes a cell for by itself
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = list(csv.reader(io.StringIO(text)))[1:]
    if not rows:
        raise StepFailedError(f"{prepared_uri}holdout/test.csv has no rows to ask about")
    every = -(-len(rows) // ROWS_AT_MOST)
    return [Row(row[1], tuple(row[2:])) for row in rows[::every]]


def content_type(stage: Stage) -> str:
    """The form of the stage's requests; rows of numbers where no output says one.

    StepFailedError for a form that no rows can be written in.
    """
    found = stage.outputs.get("RequestContentType", CSV)
    if found not in (CSV, JSON):
        raise StepFailedError(
            f"the stage's RequestContentType is {found}: rows are sent as {CSV} or {JSON}"
        )
    return found


def requests(rows: Sequence[Row], content_type: str) -> Iterator[Request]:
    """All rows, in order, in requests of so many rows and bytes at most.

    A row that is larger by itself goes alone: the endpoint says what it thinks of it.
    """
    some: list[Row] = []
    size = 0
    for row in rows:
        row_bytes = len(_body([row], content_type))
        if some and (len(some) == ROWS_PER_REQUEST or size + row_bytes > REQUEST_BYTES):
            yield Request(some, _body(some, content_type))
            some, size = [], 0
        some.append(row)
        size += row_bytes
    if some:
        yield Request(some, _body(some, content_type))


def _body(rows: Sequence[Row], content_type: str) -> bytes:
    if content_type == JSON:
        return json.dumps({"texts": [row.features[0] for row in rows]}).encode()
    return "\n".join(",".join(row.features) for row in rows).encode()
