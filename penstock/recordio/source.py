"""Bytes to read records from: those that lie in memory, or those that a stream delivers."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

import numpy as np

from penstock.recordio.checks import refuse_path_and_text

CHUNK_BYTES = 1 << 19  # stays in the cache while it is looked at
BELIEVED_BYTES = 32 << 20  # asked for at once; beyond it the buffer grows with what arrives

# bytes, bytearray, memoryview, mmap, a numpy array of bytes; typing.Buffer comes with Python 3.12
Buffer = Any
Source = BinaryIO | Buffer


class ByteSource:
    """Looks ahead in a buffer, or in a binary stream, and takes what was looked at.

    Memory is never copied. A stream's bytes are read straight into buffers that are never written
    to twice, so that whoever holds a view of them may keep it.
    """

    def __init__(self, source: Source, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._chunk_bytes = chunk_bytes
        self._start = 0
        self._read_into: Callable[[memoryview], int] | None = None
        refuse_path_and_text(source, "rb")
        if _is_stream(source):
            self._read_into = _reader(source)
            self._buffer = memoryview(b"")
        else:
            self._buffer = memoryview(cast("Any", source)).cast("B")
        self._end = len(self._buffer)

    def peek(self, wanted: int) -> memoryview:
        """At least `wanted` bytes, fewer at the end; all that is there. Nothing is taken."""
        while self._end - self._start < wanted and self._read_into is not None:
            if self._start + wanted > len(self._buffer):
                self._make_room(wanted)
            count = self._read_into(self._buffer[self._end :])
            self._end += count
            if not count:
                self._read_into = None
        return self._buffer[self._start : self._end]

    def take(self, count: int) -> None:
        """Drop `count` bytes that were peeked at."""
        self._start += count

    def _make_room(self, wanted: int) -> None:
        have = self._end - self._start
        size = max(self._chunk_bytes, min(wanted, max(BELIEVED_BYTES, 2 * have)))
        if len(self._buffer) - self._start >= size and self._end < len(self._buffer):
            return  # a length that nobody believes yet: this buffer is filled first
        room = memoryview(cast("Any", np.empty(size, np.uint8)))  # untouched pages cost nothing
        room[:have] = self._buffer[self._start : self._end]
        self._buffer, self._start, self._end = room, 0, have


def _is_stream(source: Source) -> bool:
    """An mmap can be read and is a buffer as well: what is a buffer is taken as one."""
    if not hasattr(source, "read"):
        return False
    try:
        memoryview(cast("Any", source))
    except TypeError:
        return True
    return False


def _reader(file: BinaryIO) -> Callable[[memoryview], int]:
    # readinto1 hands over what a FIFO has now instead of waiting until the room is full
    into = getattr(file, "readinto1", None) or getattr(file, "readinto", None)
    if into is None or getattr(type(file), "readinto", None) is io.RawIOBase.readinto:
        return _Pieces(file).read_into  # it has read() alone

    def read_into(room: memoryview) -> int:
        return _said(into(room))

    return read_into


class _Pieces:
    """A stream that only has read(), and may hand over more than it was asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = memoryview(b"")

    def read_into(self, room: memoryview) -> int:
        if not self._rest:
            data = self._file.read(len(room))
            _said(None if data is None else len(data))
            self._rest = memoryview(data)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _said(count: int | None) -> int:
    if count is None:
        raise BlockingIOError("the stream has no bytes yet: open it in blocking mode")
    return count
