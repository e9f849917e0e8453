"""Whole records as they lie in a file, many at a time: framing is checked, payloads are not."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from penstock.recordio.frame import (
    FIRST,
    HEADER_BYTES,
    LAST,
    MAGIC,
    MAX_LENGTH,
    MIDDLE,
    WHOLE,
    FrameReader,
)
from penstock.recordio.source import Source

CHUNK_BYTES = 1 << 20
INCOMPLETE, WRONG = 0, -1
ALIKE = 3  # records of one size in a row before more of them are looked for


def chunks(source: Source) -> Iterator[tuple[memoryview, list[int]]]:
    """(bytes, where each record in them ends) until the end.

    Records that are split at the magic stay as they are and count as one. Memory holds a chunk of
    about 1 MiB, or one record.

    Raises:
        RecordIOError: with the record and the byte where no record is.
    """
    frames = FrameReader(source)
    wanted = CHUNK_BYTES
    while len(data := frames.peek(wanted)):
        ends = record_ends(data)
        if ends:
            wanted = CHUNK_BYTES
            yield data[: ends[-1]], ends
            frames.take(ends[-1], len(ends))
        elif len(data) < wanted or _record_end(data, 0) == WRONG:
            frames.next_frame()  # says what is wrong
            raise AssertionError("a record that is wrong here must be wrong there")
        else:
            wanted = 2 * len(data)


def record_ends(data: memoryview) -> list[int]:
    """Where each whole record ends, up to the first one that is not whole or wrong."""
    ends: list[int] = []
    at, stride, alike = 0, 0, 0
    while (end := _record_end(data, at)) > at:
        ends.append(end)
        alike = alike + 1 if end - at == stride else 0
        stride, at = end - at, end
        if alike == ALIKE and _is_whole(data, at - stride):
            count = _count_alike(data, at, stride)
            ends += range(at + stride, at + count * stride + 1, stride)
            at += count * stride
            alike = 0
    return ends


def _record_end(data: memoryview, at: int) -> int:
    """Where the record ends that begins at `at`; INCOMPLETE or WRONG."""
    expected = (WHOLE, FIRST)
    while True:
        if at + HEADER_BYTES > len(data):
            return INCOMPLETE
        magic, word = struct.unpack_from("<II", data, at)
        flag, length = word >> 29, word & MAX_LENGTH
        if magic != MAGIC or flag not in expected:
            return WRONG
        end = at + HEADER_BYTES + length
        at = end + -length % 4
        if at > len(data):
            return INCOMPLETE
        if any(data[end:at]):
            return WRONG
        if flag in (WHOLE, LAST):
            return at
        expected = (MIDDLE, LAST)


def _is_whole(data: memoryview, at: int) -> bool:
    return bool(struct.unpack_from("<I", data, at + 4)[0] >> 29 == WHOLE)


def _count_alike(data: memoryview, at: int, stride: int) -> int:
    """How many records from `at` on have the header and the padding of the one before it."""
    count = (len(data) - at) // stride
    if not count:
        return 0
    before = at - stride
    same = _column(data, "<u8", at, count, stride) == struct.unpack_from("<Q", data, before)[0]
    length = struct.unpack_from("<I", data, before + 4)[0] & MAX_LENGTH
    for place in range(HEADER_BYTES + length, stride):
        same &= _column(data, "u1", at + place, count, stride) == 0
    return count if same.all() else int(np.argmin(same))


def _column(data: memoryview, dtype: str, at: int, count: int, stride: int) -> Any:
    """What stands at one place of each record."""
    return np.ndarray((count,), dtype, cast("Any", data), at, (stride,))
