"""Protobuf's wire format as far as records need it: varints, tags, length-delimited fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.errors import WireError

Bytes = bytes | memoryview

VARINT = 0
FIXED64 = 1
LENGTH_DELIMITED = 2
FIXED32 = 5
MAX_VARINT_BYTES = 10  # protobuf encoding guide: a 64-bit varint has at most ten bytes


def encode_varint(number: int) -> bytes:
    """`number` (0 or more) as a varint."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def encode_field(number: int, body: bytes) -> bytes:
    """A length-delimited field: tag, length, body."""
    return encode_varint(number << 3 | LENGTH_DELIMITED) + encode_varint(len(body)) + body


def decode_varint(buffer: Bytes, position: int, end: int) -> tuple[int, int]:
    """The varint at `position` and the position after it; WireError if it is cut or too long."""
    number = 0
    for index in range(MAX_VARINT_BYTES):
        if position + index >= end:
            raise WireError("a varint is cut off by the end of its message", position)
        byte = buffer[position + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if number >> 64:
                raise WireError("a varint does not fit 64 bits", position)
            return number, position + index + 1
    raise WireError(f"a varint is longer than {MAX_VARINT_BYTES} bytes", position)


def fields(buffer: Bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """(field number, body start, body end) of each length-delimited field in the message.

    Every field of the record format is length-delimited except unpacked numbers, which
    `number_fields` reads. WireError on any other wire type or a length beyond the message.
    """
    for number, wire_type, body_start, body_end in number_fields(buffer, start, end):
        if wire_type != LENGTH_DELIMITED:
            raise WireError(f"field {number} has wire type {wire_type}, expected 2", body_start)
        yield number, body_start, body_end


def number_fields(
    buffer: Bytes, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int, int, int]]:
    """(field number, wire type, body start, body end) of every field in the message."""
    stop = len(buffer) if end is None else end
    position = start
    while position < stop:
        tag, body_start = decode_varint(buffer, position, stop)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise WireError("field number 0 is not allowed", position)
        if wire_type == LENGTH_DELIMITED:
            length, body_start = decode_varint(buffer, body_start, stop)
            body_end = body_start + length
        elif wire_type == VARINT:
            _, body_end = decode_varint(buffer, body_start, stop)
        elif wire_type == FIXED32:
            body_end = body_start + 4
        elif wire_type == FIXED64:
            body_end = body_start + 8
        else:
            raise WireError(f"field {number} has the unknown wire type {wire_type}", position)
        if body_end > stop:
            raise WireError(
                f"field {number} needs {body_end - body_start} bytes, "
                f"its message has {stop - body_start} left",
                position,
            )
        yield number, wire_type, body_start, body_end
        position = body_end


def encode_varints(
    numbers: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """All varints one after the other, and where each begins (one more entry for the end).

    `numbers` are integers of any type, none of them negative.
    """
    widest = len(encode_varint(int(numbers.max()))) if len(numbers) else 1
    lengths = np.ones(len(numbers), np.uint8)
    for step in range(1, widest):
        lengths += numbers >= (1 << 7 * step)
    begins = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(lengths, out=begins[1:])
    if widest <= 4:
        words = _spread(numbers.astype(np.uint32), widest)
        words |= np.take(_CONTINUED, lengths)
        packed = np.zeros(begins[-1] + 3, np.uint8)
        # whole words in their order: each one's zeros are overwritten by the next
        every: npt.NDArray[np.uint32] = np.ndarray((int(begins[-1]),), "<u4", packed, 0, (1,))
        every[begins[:-1]] = words
        return packed[:-3], begins
    table = np.empty((len(numbers), widest), np.uint8)
    for step in range(widest):
        table[:, step] = (numbers >> (7 * step)) & 0x7F
        table[:, step] |= (lengths > step + 1).view(np.uint8) << 7
    return table[np.arange(widest, dtype=np.uint8) < lengths[:, None]], begins


# by a varint's length: the flags of its bytes, as a little-endian word
_CONTINUED = np.array([0, 0, 0x80, 0x8080, 0x808080], "<u4")


def _spread(numbers: npt.NDArray[np.uint32], bytes_each: int) -> npt.NDArray[np.uint32]:
    words: npt.NDArray[np.uint32] = numbers & np.uint32(0x7F)
    for step in range(1, bytes_each):
        words |= (numbers & (0x7F << 7 * step)) << step
    return words


def decode_varints(buffer: Bytes, position: int) -> npt.NDArray[np.uint64]:
    """The packed varints that fill `buffer`; `position` is where it lies, for the error."""
    encoded = np.frombuffer(buffer, np.uint8)
    ends = np.flatnonzero(encoded < 0x80)
    if len(encoded) and (not len(ends) or ends[-1] != len(encoded) - 1):
        last = int(ends[-1]) + 1 if len(ends) else 0
        if len(encoded) - last >= MAX_VARINT_BYTES:
            raise WireError(f"a varint is longer than {MAX_VARINT_BYTES} bytes", position + last)
        raise WireError("a varint is cut off by the end of its message", position + last)
    starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1] + 1])[: len(ends)]
    lengths = ends - starts + 1
    if len(lengths) and lengths.max() > MAX_VARINT_BYTES:
        bad = int(starts[np.argmax(lengths > MAX_VARINT_BYTES)])
        raise WireError(f"a varint is longer than {MAX_VARINT_BYTES} bytes", position + bad)
    overflow = (lengths == MAX_VARINT_BYTES) & (encoded[ends] > 1)
    if overflow.any():
        bad = int(starts[np.argmax(overflow)])
        raise WireError("a varint does not fit 64 bits", position + bad)
    numbers = np.zeros(len(ends), np.uint64)
    for step in range(int(lengths.max()) if len(lengths) else 0):
        longer = lengths > step
        part = encoded[starts[longer] + step].astype(np.uint64) & np.uint64(0x7F)
        numbers[longer] |= part << np.uint64(7 * step)
    return numbers


SHORT_BYTES = 4  # a varint of so many bytes fits a word


def decode_short_varints(
    padded: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint32] | None:
    """The packed varints that end at `ends`; SHORT_BYTES more follow the last of them.

    None if one of them has more than four bytes.
    """
    starts = np.empty_like(ends)
    starts[:1] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    numbers: npt.NDArray[np.uint32] | None = None
    going_on = np.full(len(starts), 0xFF, np.uint8)  # 0 behind a number's last byte
    for step in range(SHORT_BYTES):
        byte = padded[step:][starts]
        sevens = byte & np.uint8(0x7F)
        sevens &= going_on
        part = sevens.astype(np.uint32)
        part <<= np.uint32(7 * step)
        numbers = part if numbers is None else np.bitwise_or(numbers, part, out=numbers)
        flags = byte.view(np.int8)
        flags >>= 7
        going_on &= byte
        if not going_on.any():
            return numbers
    return None
