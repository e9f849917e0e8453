"""Data capture files: the requests and answers of an endpoint as rows.

Source: SageMaker developer guide, "Capture data". One JSON object per line with
`captureData.endpointInput` and `.endpointOutput`, each with `data`, `encoding` (CSV, JSON, BASE64)
and `observedContentType`. BASE64 is what SageMaker uses where the capture settings list no content
types (API reference, DataCaptureConfig); that it does for each one that they do not list is
unconfirmed. It is decoded and then read by its content type.

Of answers some columns alone can be read: one row for each prediction, an object of
{"predictions": [...]} or a JSON line.

A record that cannot be read (unknown content type, broken body) is counted with its reason and
left out, for one odd client must not end the watch over all others.
"""

from __future__ import annotations

import base64
import binascii
import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

from penstock.monitor.errors import MonitorError
from penstock.monitor.readers.reading import Reading
from penstock.monitor.readers.rows import flattened
from penstock.monitor.window import Window, utc_time

Row = tuple[list[str | None], dict[str, Any]]  # values by place (CSV), values by name (JSON)


class Parts(StrEnum):
    """Which side of the endpoint is read."""

    INPUT = "input"
    OUTPUT = "output"
    BOTH = "both"  # the answer's columns first, as Model Monitor expects predictions


_KEYS = {
    Parts.INPUT: ("endpointInput",),
    Parts.OUTPUT: ("endpointOutput",),
    Parts.BOTH: ("endpointOutput", "endpointInput"),
}


class _UnreadableError(Exception):
    """Why a record is left out."""


def capture_rows(
    file: IO[bytes],
    reading: Reading,
    *,
    parts: Parts,
    names: Sequence[str],
    columns: Sequence[str] = (),
    window: Window | None = None,
) -> Iterator[dict[str, Any]]:
    """The rows of one capture file.

    Args:
        file: the JSON lines.
        reading: counts what is left out.
        parts: input, output or both.
        names: of the columns of CSV bodies, by place; what is beyond them is `_c<place>`.
        columns: if given, only these of each JSON object; one that lacks some has missing values,
            a body where no object has any of them is left out.
        window: only records of that time count, by eventMetadata.inferenceTime.
    """
    for line in file:
        if not line.strip():
            continue
        try:
            record = _record(line)
            if window is not None:
                time = _inference_time(record)
                if time not in window:
                    reading.outside += 1
                    continue
                reading.saw(time)
            rows = _record_rows(record, _KEYS[parts])
            if columns:
                rows = _chosen(rows, columns)
        except _UnreadableError as error:
            reading.skip(str(error))
            continue
        for placed, named in rows:
            row: dict[str, Any] = {
                names[place] if place < len(names) else f"_c{place}": value
                for place, value in enumerate(placed)
            }
            yield {**row, **named}


def is_capture(line: bytes) -> bool:
    """Whether a line of a JSON-lines file is a capture record."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and "captureData" in record


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("captureData"), dict):
        raise _UnreadableError("not a capture record (a JSON object with captureData)")
    return record


def _inference_time(record: dict[str, Any]) -> datetime:
    metadata = record.get("eventMetadata")
    time = metadata.get("inferenceTime") if isinstance(metadata, dict) else None
    try:
        return utc_time(str(time))
    except MonitorError:
        raise _UnreadableError("no readable eventMetadata.inferenceTime") from None


def _record_rows(record: dict[str, Any], keys: Sequence[str]) -> list[Row]:
    read = []
    for key in keys:
        side = record["captureData"].get(key)
        if not isinstance(side, dict):
            raise _UnreadableError(f"{key} is not in the record")
        read.append(_side_rows(key, side))
    if len({len(rows) for rows in read}) > 1:
        raise _UnreadableError("request and answer have different numbers of rows")
    joined: list[Row] = []
    for together in zip(*read, strict=True):
        placed = [value for values, _ in together for value in values]
        named = {name: value for _, values in together for name, value in values.items()}
        joined.append((placed, named))
    return joined


def _chosen(rows: list[Row], columns: Sequence[str]) -> list[Row]:
    """Those columns of each row, by name."""
    if not any(column in named for _, named in rows for column in columns):
        raise _UnreadableError(
            f"no prediction with {' or '.join(columns)} in it: expected "
            '{"predictions": [{...}, ...]} or JSON lines'
        )
    return [([], {column: named.get(column) for column in columns}) for _, named in rows]


def _side_rows(key: str, side: dict[str, Any]) -> list[Row]:
    content_type = str(side.get("observedContentType", "")).split(";")[0].strip().lower()[:80]
    encoding, data = side.get("encoding"), side.get("data")
    if not isinstance(data, str):
        raise _UnreadableError(f"{key} has no data")
    if encoding == "BASE64":
        try:
            data = base64.b64decode(data, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise _UnreadableError(
                f"{key} of content type {content_type!r} is no UTF-8 text in BASE64"
            ) from None
    elif encoding == "CSV":
        content_type = "text/csv"
    elif encoding == "JSON" and content_type != "application/jsonlines":
        content_type = "application/json"
    elif encoding != "JSON":
        raise _UnreadableError(f"{key} has encoding {encoding!r}: CSV, JSON or BASE64 is known")
    try:
        if content_type == "text/csv":
            return [([v or None for v in row], {}) for row in csv.reader(data.splitlines()) if row]
        if content_type == "application/json":
            return [([], flattened(item)) for item in _items(json.loads(data))]
        if content_type == "application/jsonlines":
            lines = (line for line in data.splitlines() if line.strip())
            return [([], flattened(json.loads(line))) for line in lines]
    except (ValueError, csv.Error):
        raise _UnreadableError(f"{key} is not {content_type}") from None
    raise _UnreadableError(
        f"{key} has content type {content_type!r}: text/csv, application/json and "
        "application/jsonlines are read"
    )


def _items(body: Any) -> list[Any]:
    """The rows of a JSON body: a list, or the one list of objects in it ({"instances": [...]})."""
    if isinstance(body, dict) and len(body) == 1:
        (only,) = body.values()
        if isinstance(only, list) and all(isinstance(item, dict) for item in only):
            return only
    if isinstance(body, list) and all(isinstance(item, dict | list) for item in body):
        return body
    return [body]
