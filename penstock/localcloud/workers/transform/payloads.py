"""Cuts an object into the requests that are sent to a container: lines, frames, or all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from penstock.recordio.frame import FrameReader, frame


class TooLargeError(Exception):
    """A record does not fit into MaxPayloadInMB."""


def lines_of(body: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of an object without their newlines; what follows the last one counts, too."""
    rest = b""
    for chunk in body:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def frames_of(file: BinaryIO) -> Iterator[bytes]:
    """The records of a RecordIO object, each in its frame. RecordIOError for a damaged one."""
    for found in FrameReader(file):
        yield frame(found.payload)


def batches_of(
    records: Iterable[bytes], *, limit_bytes: int, one_each: bool
) -> Iterator[list[bytes]]:
    """Records in order, as many together as fit with a newline between them. TooLargeError."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        if len(record) > limit_bytes:
            raise TooLargeError(
                f"a record of {len(record)} bytes is larger than MaxPayloadInMB, {limit_bytes} "
                "bytes"
            )
        if batch and (one_each or size + 1 + len(record) > limit_bytes):
            yield batch
            batch, size = [], 0
        size += len(record) + (1 if batch else 0)
        batch.append(record)
    if batch:
        yield batch
