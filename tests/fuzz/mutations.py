"""Changes records as their writers would have: the lengths around a changed part are right again.

Bytes that are changed at random nearly never get past the first length. So most changes are made to
a part of one record (a frame's payload, a message within it, numbers), and everything around it is
put together anew; the others are made to the bytes as they are.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from penstock.recordio.errors import WireError
from penstock.recordio.frame import HEADER_BYTES, MAGIC, MAGIC_BYTES, MAX_LENGTH
from penstock.recordio.wire import LENGTH_DELIMITED, encode_varint, number_fields

Change = Callable[[bytes, int], bytes]  # of some bytes, into so many at most
DEPTH = 4  # record, map entry, value, tensor: below it are numbers
SPLIT = 29  # where a header's continuation flag begins


def mutate(data: bytes, most: int, seed: int, change: Change) -> bytes:
    """Other bytes, `most` at most. `change` is the fuzzer's own way with bytes."""
    chance = random.Random(seed)
    frames = _frames(data)
    if not frames or chance.random() < 0.3:
        return change(data, most)[:most]
    at = chance.randrange(len(frames))
    flag, payload = frames[at]
    kind = chance.random()
    if kind < 0.15:
        frames.insert(chance.randrange(len(frames) + 1), frames[at])
    elif kind < 0.25:
        del frames[at]
    elif kind < 0.30:
        frames[at] = chance.randrange(8), payload
    elif kind < 0.35 and len(payload) > 4:
        cut = chance.randrange(0, len(payload), 4)
        frames[at : at + 1] = [(1, payload[:cut]), (3, payload[cut:])]
    else:
        frames[at] = flag, _changed(payload, chance, change, 0)
    return b"".join(_framed(*frame) for frame in frames)[:most]


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    """(flag, payload) of the records at the beginning; what follows them is one more payload."""
    found = []
    at = 0
    while len(data) - at >= HEADER_BYTES:
        magic, word = struct.unpack_from("<II", data, at)
        length = word & MAX_LENGTH
        if magic != MAGIC or at + HEADER_BYTES + length > len(data):
            break
        start = at + HEADER_BYTES
        found.append((word >> SPLIT, data[start : start + length]))
        at = start + length + -length % 4
    return found


def _framed(flag: int, payload: bytes) -> bytes:
    header = MAGIC_BYTES + struct.pack("<I", flag << SPLIT | len(payload))
    return header + payload + bytes(-len(payload) % 4)


def _changed(message: bytes, chance: random.Random, change: Change, depth: int) -> bytes:
    """The message with a change in one of its fields, or of all its bytes."""
    parts = _parts(message) if depth < DEPTH and chance.random() < 0.9 else None
    if not parts:
        return change(message, len(message) + 64)
    at = chance.randrange(len(parts))
    tag, body = parts[at]
    kind = chance.random()
    if kind < 0.1:
        parts.insert(chance.randrange(len(parts) + 1), parts[at])
    elif kind < 0.2:
        del parts[at]
    elif kind < 0.25:
        chance.shuffle(parts)
    elif kind < 0.3:
        parts[at] = chance.randrange(1, 16) << 3 | LENGTH_DELIMITED, body
    elif kind < 0.4:  # a key that is as large as the shape, a label as long as the values
        parts[at] = tag, chance.choice(parts)[1]
    else:
        parts[at] = tag, _changed(body, chance, change, depth + 1)
    return b"".join(encode_varint(t) + encode_varint(len(b)) + b for t, b in parts)


def _parts(message: bytes) -> list[tuple[int, bytes]] | None:
    """(tag, body) of each field, if the bytes are a message of such fields alone."""
    parts = []
    try:
        for number, wire_type, start, end in number_fields(message):
            if wire_type != LENGTH_DELIMITED:
                return None
            parts.append((number << 3 | wire_type, message[start:end]))
    except WireError:
        return None
    return parts
