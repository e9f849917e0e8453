"""RecordIO framing: magic, length, payload, padding to four bytes; split records put together.

Source: dmlc-core recordio.h and sagemaker-python-sdk 2.x serializer_utils.py. A header's second
word holds the continuation flag in its upper three bits (0 whole, 1 first, 2 middle, 3 last part)
and the payload's length in the rest. A writer that splits does so where the magic stands inside
the payload, drops it there, and the reader puts it back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from penstock.recordio.errors import RecordIOError
from penstock.recordio.source import CHUNK_BYTES, ByteSource, Source

MAGIC = 0xCED7230A
MAGIC_BYTES = struct.pack("<I", MAGIC)
HEADER_BYTES = 8
MAX_LENGTH = (1 << 29) - 1  # the length has 29 bits

# what else people have at hand, by its first bytes
KNOWN = {b"\x1f\x8b": "gzip: open it with gzip.open", b"PAR1": "a Parquet file"}

WHOLE, FIRST, MIDDLE, LAST = range(4)


@dataclass(frozen=True)
class Frame:
    """One record's payload; `offset` is where its (first) header starts."""

    record: int
    offset: int
    payload: bytes
    whole: bool


def frame(payload: bytes) -> bytes:
    """`payload` as one whole record. ValueError above 2^29 - 1 bytes."""
    return header(len(payload)) + payload + bytes(-len(payload) % 4)


def header(length: int) -> bytes:
    """The eight bytes before a whole record's payload. ValueError above 2^29 - 1 bytes."""
    if length > MAX_LENGTH:
        raise ValueError(
            f"a record of {length} bytes does not fit RecordIO: its length has 29 bits, "
            f"so at most {MAX_LENGTH}"
        )
    return struct.pack("<II", MAGIC, length)


def length_of(record: memoryview) -> int:
    """A whole record's payload: what its header says."""
    return int.from_bytes(record[4:HEADER_BYTES], "little") & MAX_LENGTH


class FrameReader:
    """Takes records off bytes in memory or a binary stream (file, FIFO, HTTP body).

    A stream's buffer holds one record or `chunk_bytes`, whichever is more; a wrong length never
    allocates more than twice what the stream really delivers (or 32 MiB).
    """

    def __init__(self, source: Source, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._source = ByteSource(source, chunk_bytes)
        self.offset = 0  # of the first byte that nobody has taken
        self.record = 0  # number of the next record

    def __iter__(self) -> Iterator[Frame]:
        while (found := self.next_frame()) is not None:
            yield found

    def peek(self, wanted: int) -> memoryview:
        """At least `wanted` bytes, fewer at the end of the stream; nothing is taken."""
        return self._source.peek(wanted)

    def take(self, count: int, records: int = 0) -> None:
        """Drop `count` bytes that were peeked at; `records` of them were whole records."""
        self._source.take(count)
        self.offset += count
        self.record += records

    def give_back(self, found: Frame) -> None:
        """The whole record that was taken last is the next one again."""
        self._source.take(found.offset - self.offset)
        self.offset = found.offset
        self.record = found.record

    def next_frame(self) -> Frame | None:
        """The next record, or None at the end. RecordIOError for anything that is no record."""
        start = self.offset
        part = self._next_part()
        if part is None:
            return None
        flag, payload = part
        if flag not in (WHOLE, FIRST):
            raise self._error(f"continuation flag {flag} without a first part (flag 1)", start)
        whole = flag == WHOLE
        parts = [payload]
        while flag not in (WHOLE, LAST):
            at = self.offset
            part = self._next_part()
            if part is None:
                raise self._error("the stream ends inside a split record", at)
            flag, payload = part
            if flag not in (MIDDLE, LAST):
                raise self._error(
                    f"continuation flag {flag} inside a split record, expected 2 or 3", at
                )
            parts += [MAGIC_BYTES, payload]
        found = Frame(self.record, start, parts[0] if whole else b"".join(parts), whole)
        self.record += 1
        return found

    def _next_part(self) -> tuple[int, bytes] | None:
        head = self.peek(HEADER_BYTES)
        if not len(head):
            return None
        if len(head) < HEADER_BYTES:
            raise self._error(f"the stream ends inside a header ({len(head)} of 8 bytes)")
        magic, word = struct.unpack_from("<II", head)
        if magic != MAGIC:
            found = bytes(head[:4])
            instead = next((f" ({KNOWN[k]})" for k in KNOWN if found.startswith(k)), "")
            raise self._error(f"expected the magic 0a23d7ce, found {found.hex()}{instead}")
        flag, length = word >> 29, word & MAX_LENGTH
        if flag > LAST:
            raise self._error(f"unknown continuation flag {flag}, 0 to 3 exist")
        end = HEADER_BYTES + length
        size = end + -length % 4
        data = self.peek(size)
        if len(data) < size:
            raise self._error(
                f"the stream ends inside a record: header says {length} bytes and padding, "
                f"{len(data) - HEADER_BYTES} of {size - HEADER_BYTES} are there"
            )
        if any(data[end:size]):
            raise self._error(
                f"padding is not zero: {bytes(data[end:size]).hex()}", self.offset + end
            )
        payload = bytes(data[HEADER_BYTES:end])
        self.take(size)
        return flag, payload

    def _error(self, message: str, offset: int | None = None) -> RecordIOError:
        at = self.offset if offset is None else offset
        return RecordIOError(message, record=self.record, offset=at)


def count_records(source: Source) -> int:
    """How many records there are; checks the framing, not the payloads."""
    return sum(1 for _ in FrameReader(source))
