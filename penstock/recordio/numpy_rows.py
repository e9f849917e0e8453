"""Records read with numpy alone, many at once: what core.c does where it was not built.

The frame's length decides all other lengths of a record but one, that of the values. So the bytes
before them are looked up by the frame's length and compared, and the values' length is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.core import RowFormat
from penstock.recordio.errors import WireError
from penstock.recordio.frame import HEADER_BYTES, MAGIC, MAX_LENGTH, header
from penstock.recordio.label import KEY
from penstock.recordio.rows import DenseRows, Labels, SparseRows, index_dtype
from penstock.recordio.wire import (
    SHORT_BYTES,
    decode_short_varints,
    decode_varints,
    encode_varint,
)

WINDOW_BYTES = 1 << 20  # looked at in one go; what numpy makes of it stays in the cache
PADDING_BYTES = 64  # no constant bytes are longer
WORD_BYTES = 8
VARINT_BYTES = 5  # of a length: a record has less than 2^29 bytes
Places = npt.NDArray[np.int64]


def read_rows(
    form: RowFormat,
    data: memoryview,
    rows: int,
    dtype: np.dtype[Any],
    label_dtype: np.dtype[Any] | None,
) -> tuple[SparseRows, int]:
    """The sparse records that have the format from the first on, and their bytes; `rows` at most.

    They may be fewer than there are: those of `data` that a window shows.
    """
    found = _Window(form, data, rows)
    count = found.plausible()
    values, value_pointers, good = _numbers(found, count, dtype)
    keys, key_pointers, good_keys = _keys(found, count, form.columns)
    count = min(good, good_keys)
    wrong = value_pointers[1 : count + 1] != key_pointers[1 : count + 1]
    count = int(np.argmax(wrong)) if wrong.any() else count
    pointers = key_pointers[: count + 1]
    stored = int(pointers[-1])
    indices = keys[:stored]
    index = index_dtype(form.columns)
    # they are below the columns, so that the sign's bit is free
    indices = indices.view(index) if indices.itemsize == index.itemsize else indices.astype(index)
    labels = found.labels(count, label_dtype)
    return (
        SparseRows(pointers, indices, values[:stored], form.columns, labels),
        found.bytes_of(count),
    )


def read_dense_rows(
    form: RowFormat, data: memoryview, rows: int, label_dtype: np.dtype[Any] | None
) -> tuple[DenseRows, int]:
    """As read_rows, for dense records of int32."""
    found = _Window(form, data, rows)
    count = found.plausible()
    values, pointers, good = _numbers(found, count, np.dtype("<i4"))
    right = np.diff(pointers[: good + 1]) == form.columns
    count = _first_false(right)
    table = values[: count * form.columns].reshape(count, form.columns)
    return DenseRows(table, found.labels(count, label_dtype)), found.bytes_of(count)


class _Window:
    """Where the records of some bytes have their values, keys and labels."""

    def __init__(self, form: RowFormat, buffer: memoryview, rows: int) -> None:
        self.bytes = b"".join((buffer[:WINDOW_BYTES], bytes(PADDING_BYTES)))
        self.padded = np.frombuffer(self.bytes, np.uint8)
        self._form = form
        self.data = data = self.padded[:-PADDING_BYTES]
        words = data[: len(data) // 4 * 4].view("<u4")
        at = np.flatnonzero(words == MAGIC)[:rows]
        at = at[at + 1 < len(words)]
        lengths = words[at + 1].astype(np.int64)
        starts = at * 4
        nexts = starts + HEADER_BYTES + lengths + (-lengths & 3)
        # the chain of records: each begins where the one before it ends
        linked = (nexts <= len(data)) & (lengths <= MAX_LENGTH)
        linked[:1] &= starts[:1] == 0
        linked[1:] &= starts[1:] == nexts[:-1]
        count = _first_false(linked)
        self._starts, self._lengths, self.nexts = starts[:count], lengths[:count], nexts[:count]
        self.ends = self._starts + HEADER_BYTES + self._lengths  # of the payloads
        self.value_starts = self.value_ends = self.key_starts = self.key_ends = self.ends

    def plausible(self) -> int:
        """Finds the values and keys; how many records from the first on have them in place."""
        form = self._form
        sizes, which = np.unique(self._lengths, return_inverse=True)
        heads = [_head(form, int(size)) for size in sizes]
        head_bytes = np.array([len(head) for head in heads], np.int64)[which]
        good = self._same(self._starts, heads, which)
        place = self._starts + head_bytes
        tail = form.shape + form.label_head
        tail_starts = self.ends - form.label_bytes - len(tail)
        good &= self._same(tail_starts, [tail], np.zeros(len(which), np.int64))
        for step in range(3):
            after = self.ends + step
            good &= (after >= self.nexts) | (self._at(after) == 0)
        stored = place < tail_starts
        good &= ~stored | (self._at(place) == 0x0A)
        value_bytes, starts = self._varint(place + 1)
        good &= (value_bytes >= 0) & (starts + value_bytes <= tail_starts) | ~stored
        self.value_starts = np.where(stored, starts, place)
        self.value_ends = np.where(stored, starts + value_bytes, place)
        if not form.shape:
            return _first_false(good & stored & (self.value_ends == tail_starts))
        good &= ~stored | (self._at(self.value_ends) == 0x12)
        key_bytes, starts = self._varint(self.value_ends + 1)
        self.key_starts = np.where(stored, starts, place)
        self.key_ends = np.where(stored, starts + key_bytes, place)
        good &= ((key_bytes >= 0) | ~stored) & (self.key_ends == tail_starts)
        return _first_false(good)

    def labels(self, count: int, dtype: np.dtype[Any] | None) -> Labels:
        """Of the first rows."""
        if dtype is None:
            return None
        size = self._form.label_bytes
        places = self.ends[:count] - size
        found: Labels = self.data[places[:, None] + np.arange(size)].view(dtype).reshape(-1)
        return found

    def bytes_of(self, count: int) -> int:
        """What the first rows take."""
        return int(self.nexts[count - 1]) if count else 0

    def _at(self, places: Places) -> npt.NDArray[np.uint8]:
        """The bytes there; a wrong place reads some other byte, and fails a check of the sums."""
        if not len(self.data):
            return np.zeros(places.shape, np.uint8)
        return self.data.take(places, mode="clip")

    def _same(self, places: Places, wanted: list[bytes], which: Places) -> npt.NDArray[np.bool_]:
        """Whether the bytes at each place are those wanted."""
        most = -(-max([1, *map(len, wanted)]) // WORD_BYTES) * WORD_BYTES
        table = np.zeros((len(wanted), most), np.uint8)
        kept = np.zeros((len(wanted), most), np.uint8)
        for row, constant in enumerate(wanted):
            table[row, : len(constant)] = np.frombuffer(constant, np.uint8)
            kept[row, : len(constant)] = 0xFF
        inside = (places >= 0) & (places <= len(self.data))
        every: npt.NDArray[Any] = np.ndarray(
            (len(self.data) + 1,), f"V{most}", self.padded, 0, (1,)
        )
        # as words of eight bytes: there are fewer of them
        words = every[places * inside].view("<u8").reshape(-1, most // WORD_BYTES)
        words ^= table.view("<u8")[which]
        words &= kept.view("<u8")[which]
        same: npt.NDArray[np.bool_] = (words == 0).all(1)
        return same & inside

    def _varint(self, places: Places) -> tuple[Places, Places]:
        """The lengths there, -1 for one that is too long, and the places after them."""
        byte = self._at(places)
        numbers = (byte & 0x7F).astype(np.int64)
        after = places + 1
        longer = np.flatnonzero(byte & 0x80)
        for step in range(1, VARINT_BYTES):
            if not len(longer):
                break
            byte = self._at(after[longer])
            numbers[longer] |= (byte & 0x7F).astype(np.int64) << (7 * step)
            after[longer] += 1
            longer = longer[byte >= 0x80]
        numbers[longer] = -1
        return numbers, after


@lru_cache(maxsize=1 << 14)
def _head(form: RowFormat, length: int) -> bytes:
    """What stands before the tensor's first byte when the payload has `length` bytes.

    Nothing fits some lengths: what comes back then differs from any record.
    """
    label = len(form.label_head) + form.label_bytes
    inside = length - label
    parts = []
    for before in (b"\x0a", KEY + b"\x12", encode_varint(form.field << 3 | 2)):
        inside -= len(before)
        size = next((n for n in range(1, 6) if len(encode_varint(max(0, inside - n))) == n), 0)
        inside -= size
        if inside < 0 or not size:
            return bytes(HEADER_BYTES)
        parts += [before, encode_varint(inside)]
    return header(length) + b"".join(parts)


def _first_false(good: npt.NDArray[np.bool_]) -> int:
    return len(good) if good.all() else int(np.argmin(good))


def _packed(found: _Window, starts: Places, ends: Places) -> tuple[npt.NDArray[np.uint8], Places]:
    """The bytes of all rows one after the other and SHORT_BYTES more; where each row's begin."""
    places = _pointers(np.cumsum(ends - starts))
    total = int(places[-1])
    widest = int((ends - starts).max()) if total else 1
    packed = np.empty(total + max(widest, SHORT_BYTES), np.uint8)
    last = len(found.padded) - widest  # where the widest can start
    # all rows as wide as the widest, each over what the one before has too many; one by one what
    # would be read beyond the end, or all if the widest is by far the widest
    count = int(np.searchsorted(starts, last, "right")) if len(starts) * widest <= 4 * total else 0
    source: npt.NDArray[Any] = np.ndarray((last + 1,), f"V{widest}", found.padded, 0, (1,))
    target: npt.NDArray[Any] = np.ndarray((total + 1,), f"V{widest}", packed, 0, (1,))
    target[places[:count]] = source[starts[:count]]
    rest = zip(starts[count:].tolist(), ends[count:].tolist(), strict=True)
    pieces = [found.bytes[start:end] for start, end in rest]
    packed[places[count] : total] = np.frombuffer(b"".join(pieces), np.uint8)
    packed[total:] = 0
    return packed[: total + SHORT_BYTES], places


def _pointers(ends: Places) -> Places:
    pointers = np.zeros(len(ends) + 1, np.int64)
    pointers[1:] = ends
    return pointers


def _numbers(
    found: _Window, count: int, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[Any], Places, int]:
    """The values of `count` rows, where each row's begin, and how many rows are right."""
    starts, ends = found.value_starts[:count], found.value_ends[:count]
    if dtype.kind == "i":
        numbers, pointers, good = _varints(found, starts, ends)
        signed = numbers.astype(np.uint64).view(np.int64)
        values = signed.astype(dtype)
        return values, pointers, _right(values == signed, pointers, good)
    sizes = ends - starts
    good = _first_false(sizes % dtype.itemsize == 0)
    packed, places = _packed(found, starts[:good], ends[:good])
    return packed[:-SHORT_BYTES].view(dtype), places // dtype.itemsize, good


def _keys(found: _Window, count: int, columns: int) -> tuple[npt.NDArray[Any], Places, int]:
    starts, ends = found.key_starts[:count], found.key_ends[:count]
    numbers, pointers, good = _varints(found, starts, ends)
    if len(numbers) and int(numbers.max()) >= columns:
        good = _right(numbers < columns, pointers, good)
    return numbers, pointers, good


def _varints(found: _Window, starts: Places, ends: Places) -> tuple[npt.NDArray[Any], Places, int]:
    """The varints of each row, where each row's begin, and how many rows are right."""
    padded, places = _packed(found, starts, ends)
    row_ends = places[1:]
    cut = (ends > starts) & (padded[row_ends - 1] >= 0x80)
    good = _first_false(~cut)
    used = int(places[good])
    padded, row_ends = padded[: used + SHORT_BYTES], row_ends[:good]
    encoded = padded[:used]
    number_ends = np.flatnonzero(encoded < 0x80)
    pointers = _pointers(np.searchsorted(number_ends, row_ends))
    short = decode_short_varints(padded, number_ends)
    if short is not None:
        return short, pointers, good
    try:
        return decode_varints(memoryview(encoded.tobytes()), 0), pointers, good
    except WireError as error:
        # the rows before the one that holds the wrong number
        good = int(np.searchsorted(row_ends, error.position, "right"))
        numbers = decode_varints(encoded[: row_ends[good - 1] if good else 0].tobytes(), 0)
        return numbers, pointers[: good + 1], good


def _right(right: npt.NDArray[np.bool_], pointers: Places, good: int) -> int:
    """How many rows from the first on have right numbers only."""
    first = _first_false(right)
    return min(good, int(np.searchsorted(pointers[1 : good + 1], first, "right")))
