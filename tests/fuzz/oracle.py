"""What must hold of any bytes at all that are read as records; a Disagreement says what does not.

Needs numpy and scipy only, so that the same is asked by the fuzzer and by the tests of what it
found.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import cycle, product
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    RecordIOError,
    Tensor,
    count_records,
    numpy_rows,
    write_csr,
    write_dense,
    write_records,
)
from penstock.recordio import core as cores
from penstock.recordio.frame import FrameReader
from penstock.recordio.rows import DenseRows, SparseRows
from penstock.recordio.statistics import Statistics

Failure = tuple[str, int, int]  # message, record, offset
SIZES = ((7, 30), (16, 3, 1, 16, 5), (64,))  # of the pieces in which a stream comes
CHUNK_BYTES = 16  # of a stream's buffer: so that its ends fall anywhere
WINDOW_BYTES = 96  # of the numpy code's window: likewise
ROWS = 3
# with the compiled core, from a stream, in pieces instead of batches; the first two always
WAYS = sorted(product((True, False), repeat=3), key=lambda way: way[1:])
# what batches cannot use although the format allows it
UNFIT = ("batches need", "bytes: iterate", "but earlier records", "one dimension", "of a batch has")


class Disagreement(AssertionError):
    """Two ways of reading or writing the same that gave different things."""


class Ragged(io.RawIOBase):
    """A stream that delivers pieces of the sizes that it likes."""

    def __init__(self, data: bytes, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self._sizes = cycle(sizes)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, room: Any) -> int:
        """Some of it."""
        piece = self._data.read(min(next(self._sizes), len(room)))
        room[: len(piece)] = piece
        return len(piece)


def check(data: bytes, compiled: cores.CompiledCore, *, quick: bool = False) -> None:
    """Reads `data` in every way there is, and writes again what was read.

    `quick` leaves out some ways, others for other data: what a fuzzer has time for.
    Disagreement where two ways differ; any exception but RecordIOError comes through.
    """
    records, failure = _taken(Reader(_exactly(data)))
    plain = [_record(record) for record in records]
    lot = zlib.crc32(data) % len(WAYS)
    for number, (with_core, streamed, in_pieces) in enumerate(WAYS):
        if quick and number > 1 and number != lot:
            continue
        source = _stream(data) if streamed else lambda: Reader(_exactly(data))
        with _using(compiled if with_core else None):
            if in_pieces:
                _pieces_follow(source, plain, failure)
            else:
                _batches_follow(source, records, failure)
    if not quick or lot < 2:
        _same("statistics", _failure(lambda: Statistics(_exactly(data))), failure)
        _counted(data, len(records), failure)
        _written_again(records, plain, compiled)


def _exactly(data: bytes) -> npt.NDArray[np.uint8]:
    """In a block of its own size, behind which AddressSanitizer sees every read."""
    return np.frombuffer(data, np.uint8).copy()


def _stream(data: bytes) -> Callable[[], Reader]:
    def streamed() -> Reader:
        reader = Reader(b"")
        stream = Ragged(data, SIZES[len(data) % len(SIZES)])
        reader._frames = FrameReader(stream, chunk_bytes=CHUNK_BYTES)
        return reader

    return streamed


@contextmanager
def _using(core: cores.CompiledCore | None) -> Iterator[None]:
    before = cores.compiled, numpy_rows.WINDOW_BYTES
    cores.compiled, numpy_rows.WINDOW_BYTES = core, WINDOW_BYTES
    try:
        yield
    finally:
        cores.compiled, numpy_rows.WINDOW_BYTES = before


def _taken(pieces: Any) -> tuple[list[Any], Failure | None]:
    """What came before the end, or before the error."""
    found = []
    try:
        found.extend(pieces)
    except RecordIOError as error:
        return found, (error.message, error.record, error.offset)
    return found, None


def _failure(work: Callable[[], object]) -> Failure | None:
    try:
        work()
    except RecordIOError as error:
        return error.message, error.record, error.offset
    return None


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Disagreement(f"{what}: {found} instead of {expected}")


def _batches_follow(
    source: Callable[[], Reader], records: list[Record], failure: Failure | None
) -> None:
    """Batches have the records' numbers, and stop where records do or at one they cannot use."""
    batches, stopped = _taken(source().row_batches(ROWS))
    rows = [row for batch in batches for row in _rows(batch)]
    _same("rows of batches", rows, [_row_of(record) for record in records[: len(rows)]])
    if stopped is None or not any(words in stopped[0] for words in UNFIT):
        _same("the end of batches", stopped, failure)
        if failure is None:
            _same("the number of rows", len(rows), len(records))
    elif stopped[1] >= len(records):
        raise Disagreement(f"batches read up to {stopped}, records end with {failure}")
    for batch in batches:
        if isinstance(batch, SparseRows):
            batch.matrix.check_format(full_check=True)


def _pieces_follow(source: Callable[[], Reader], plain: list[Any], failure: Failure | None) -> None:
    pieces, stopped = _taken(source().pieces(ROWS))
    _same("the end of pieces", stopped, failure)
    found = 0
    for piece in pieces:
        if isinstance(piece, Record):
            _same("a record among pieces", _record(piece), plain[found])
        found += 1 if isinstance(piece, Record) else len(piece)
    _same("the number of records in pieces", found, len(plain))


def _counted(data: bytes, records: int, failure: Failure | None) -> None:
    counted: list[int] = []
    stopped = _failure(lambda: counted.append(count_records(_exactly(data))))
    if stopped is not None:
        if failure is None or stopped[1] < failure[1]:
            raise Disagreement(f"counting stops with {stopped}, reading with {failure}")
    elif counted[0] < records or (failure is None and counted[0] != records):
        raise Disagreement(f"{counted[0]} records are counted, {records} are read")


def _written_again(records: list[Record], plain: list[Any], compiled: cores.CompiledCore) -> None:
    """The records themselves, and the rows among them by the writers of rows."""
    file = io.BytesIO()
    write_records(file, records)
    _same("records read again", [_record(r) for r in Reader(file.getvalue())], plain)
    pieces = [p for p in Reader(file.getvalue()).pieces(ROWS) if not isinstance(p, Record)]
    for piece in pieces:
        singles = io.BytesIO()
        write_records(singles, _as_records(piece))
        narrow = copy(compiled)
        narrow.wide = False
        for core in (compiled, narrow, None):
            with _using(core):
                file = io.BytesIO()
                kind = {} if piece.labels is None else {"label_dtype": piece.labels.dtype}
                if isinstance(piece, SparseRows):
                    write_csr(file, piece.matrix, piece.labels, **kind)
                elif piece.values.shape[1]:
                    write_dense(file, piece.values, piece.labels, **kind)
                else:
                    continue  # rows of no values: write_dense refuses them
                _same("rows written again", file.getvalue(), singles.getvalue())


def _as_records(rows: DenseRows | SparseRows) -> Iterator[Record]:
    for index in range(len(rows)):
        label = {} if rows.labels is None else {"values": Tensor(rows.labels[index : index + 1])}
        if isinstance(rows, DenseRows):
            yield Record({"values": Tensor(rows.values[index])}, label)
        else:
            here = slice(rows.pointers[index], rows.pointers[index + 1])
            keys = rows.indices[here].astype(np.uint64)
            yield Record({"values": Tensor(rows.values[here], keys, (rows.columns,))}, label)


def _rows(batch: Any) -> Iterator[Any]:
    return map(_row_of, _as_records(batch))


def _row_of(record: Record) -> Any:
    """What a batch keeps of a record: no shape of dense values, no map of names."""
    values, label = record.features["values"], record.label.get("values")
    if not isinstance(values, Tensor):
        raise Disagreement("a batch has a record whose features are bytes")
    numbers = None if not isinstance(label, Tensor) else _numbers(label.values)
    if not values.is_sparse:
        return "dense", _numbers(values.values), numbers
    keys = () if values.keys is None else tuple(values.keys.tolist())
    return "sparse", _numbers(values.values), keys, values.shape, numbers


def _numbers(values: npt.NDArray[Any]) -> tuple[str, bytes]:
    return values.dtype.str, values.tobytes()


def _record(record: Record) -> Any:
    """A record in a form that can be compared."""

    def plain(value: Tensor | BytesTensor) -> Any:
        if isinstance(value, BytesTensor):
            return value
        keys = None if value.keys is None or not len(value.keys) else value.keys.tobytes()
        return _numbers(value.values), keys, value.shape

    maps = [{name: plain(v) for name, v in m.items()} for m in (record.features, record.label)]
    return *maps, record.uid, record.metadata, record.configuration
