"""Many records at once: those that have the layout of an earlier one, dense or sparse."""

from __future__ import annotations

import struct
from typing import Protocol

from penstock.recordio.dense_layout import layout_of
from penstock.recordio.frame import HEADER_BYTES, MAGIC, MAX_LENGTH, Frame, FrameReader
from penstock.recordio.rows import Kind, Rows
from penstock.recordio.varint_layout import varint_layout_of


class Layout(Protocol):
    """How records of one kind lie in memory."""

    def begins(self, record: memoryview) -> bool:
        """Whether the record, a whole frame, may have it: looked at quickly."""

    def bytes_of(self, rows: int) -> int:
        """What `rows` records take at least."""

    @property
    def first_bytes(self) -> int | None:
        """How many to look at when nothing is known of what follows the first record; None: all."""

    def read(self, data: memoryview, rows: int) -> tuple[Rows, int]:
        """The records, `rows` at most, that have it from the first on, and their bytes."""


class RowsAhead:
    """Reads records that are like the ones before: the last dense and the last sparse kind."""

    def __init__(self, frames: FrameReader) -> None:
        self._frames = frames
        self._layouts: list[Layout] = []  # the one that was met last is the first
        self._run = False  # the records before had the first layout

    def take(self, rows: int) -> Rows | None:
        """The next records, `rows` at most, of one kind; None if the next one is of none.

        It is then unusual, incomplete or wrong.
        """
        record = self._next_record()
        if record is None:
            return None
        for place, layout in enumerate(self._layouts):
            if layout.begins(record):
                if self._run and place == 0:
                    data = self._frames.peek(layout.bytes_of(rows))
                else:  # no more than there is: it may be a single one
                    data = self._frames.peek(len(record))
                    if layout.first_bytes is not None:
                        data = data[: max(layout.first_bytes, len(record))]
                part, used = layout.read(data, rows)
                if len(part):
                    self._frames.take(used, len(part))
                    self._layouts.insert(0, self._layouts.pop(place))
                    self._run = True
                    return part
        self._run = False
        return None

    def learn(self, found: Frame, kind: Kind, rows: int) -> Rows | None:
        """Reads the record that was taken last again, and those after it that are like it.

        None if nothing is gained by that: the record stays taken.
        """
        layout = _layout(kind)
        if layout is None or layout in self._layouts:
            return None
        self._layouts = [layout, *self._layouts[:1]]
        self._run = False
        if not found.whole:
            return None
        self._frames.give_back(found)
        part = self.take(rows)
        if part is None:
            self._frames.next_frame()
        return part

    def _next_record(self) -> memoryview | None:
        """The next one's bytes; None for the end, a split record, or anything that is none."""
        if not self._layouts:
            return None
        head = self._frames.peek(HEADER_BYTES)
        if len(head) < HEADER_BYTES:
            return None
        magic, length = struct.unpack_from("<II", head)
        if magic != MAGIC or length > MAX_LENGTH:  # a flag makes it larger
            return None
        size = HEADER_BYTES + length + -length % 4
        record = self._frames.peek(size)[:size]
        return record if len(record) == size else None


def _layout(kind: Kind) -> Layout | None:
    """How to read many records of a kind at once; None where the label is a varint."""
    if kind.label_dtype is not None and kind.label_dtype.kind != "f":
        return None
    if kind.sparse or kind.dtype.kind == "i":
        return varint_layout_of(kind.sparse, kind.dtype, kind.width, kind.label_dtype)
    return layout_of(kind.dtype, kind.width, kind.label_dtype)
