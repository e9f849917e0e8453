"""Records of the stream as points of a series, or the reason why they are none.

The record's rules are those of the transform on the way to the lake: the very same file, which
also reads them from RECORD_SCHEMA. What the lake refuses is not scored either.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from transform import RecordError, Schema

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY_BYTES = 2048  # DynamoDB API reference, PutItem: the longest partition key


@dataclass(frozen=True)
class Point:
    """One value; `at` is UTC in ISO 8601, as in the lake."""

    series: str
    at: str
    value: float


@dataclass(frozen=True)
class Poison:
    """A record that will never be a point; `data` is its base64."""

    reason: str
    event_id: str
    partition_key: str
    data: str


@dataclass(frozen=True)
class Fields:
    """Which fields of a record are the series, the time and the value."""

    series: str
    time: str
    value: str


def read(record: dict[str, Any], schema: Schema, fields: Fields) -> Point | Poison:
    """What one record of a Kinesis event holds."""
    kinesis = record["kinesis"]
    try:
        flat = schema.flatten(base64.b64decode(kinesis["data"], validate=True))
        series = flat[fields.series]
        if len(series.encode()) > KEY_BYTES:
            raise RecordError(f"field {fields.series!r} has more than {KEY_BYTES} bytes")
    except (RecordError, binascii.Error) as error:
        return Poison(str(error), record["eventID"], kinesis["partitionKey"], kinesis["data"])
    return Point(series, flat[fields.time], float(flat[fields.value]))


def moment_of(at: str) -> datetime:
    """The time that a point's `at` says."""
    return datetime.fromisoformat(at)


@lru_cache(maxsize=20_000)  # a point stays in its series' window for many more points
def slot_of(at: str, grid_seconds: float) -> int:
    """The number of the point's place on the grid, counted from 1970."""
    return (moment_of(at) - EPOCH) // timedelta(seconds=grid_seconds)
