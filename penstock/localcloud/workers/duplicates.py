"""A reader of a stream is given records a second time, as at-least-once delivery allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from penstock.localcloud.faults.faults import Faults

FAULT = "duplicate-delivery"

Record = TypeVar("Record")


def as_delivered(faults: Faults, records: list[Record], reader: str) -> Iterator[list[Record]]:
    """The records that were read, and once more if the reader is to lose its place."""
    yield records
    if faults.due(FAULT) is not None:
        faults.happened(FAULT, f"record given to {reader} twice", len(records))
        yield records
