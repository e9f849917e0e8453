"""Opens what is read: a path, s3://bucket/key or - for standard input."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

from penstock.recordio.files.errors import FilesError

BUFFER_BYTES = 1 << 20
STANDARD = "-"

Progress = Callable[[int, int | None], None]
"""Called with the bytes that were read so far and with how many there are, if that is known."""


Broken = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Input:
    """An open input; `size_bytes` is None where nobody knows (standard input, a FIFO)."""

    place: str
    stream: io.BufferedReader[Any]
    size_bytes: int | None


@contextmanager
def opened(place: str, progress: Progress | None = None) -> Iterator[Input]:
    """The bytes of `place`.

    Raises:
        FilesError: it cannot be opened or read.
    """
    raw, size, broken = _raw(place)
    try:
        counted = _Counted(place, raw, size, broken, progress)
        with io.BufferedReader(counted, BUFFER_BYTES) as stream:
            yield Input(place, stream, size)
    finally:
        if place != STANDARD:
            raw.close()


@contextmanager
def seekable(source: Input) -> Iterator[BinaryIO]:
    """The input's bytes to be read in any order, in a temporary file if need be."""
    if source.stream.seekable():
        yield cast("BinaryIO", source.stream)
        return
    with tempfile.TemporaryFile() as copy:
        copyfileobj(source.stream, copy, BUFFER_BYTES)
        copy.seek(0)
        yield copy


def s3_parts(uri: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key. FilesError for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise FilesError("this names no object, expected s3://bucket/key", uri)
    return bucket, key


def _raw(place: str) -> tuple[Any, int | None, Broken]:
    """What to read from, its size, and what it raises when it breaks."""
    if place == STANDARD:
        return sys.stdin.buffer, None, (OSError,)
    if place.startswith("s3://"):
        return _s3_body(place)
    try:
        file = Path(place).open("rb", buffering=0)  # noqa: SIM115 - closed by opened()
    except OSError as error:
        raise FilesError(error.strerror or str(error), place) from error
    size = file.seek(0, io.SEEK_END) if file.seekable() else None
    if size is not None:
        file.seek(0)
    return file, size, (OSError,)


def _s3_body(uri: str) -> tuple[Any, int, Broken]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = s3_parts(uri)
    try:
        found = boto3.client("s3").get_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError) as error:
        raise FilesError(str(error), uri) from error
    return found["Body"], int(found["ContentLength"]), (BotoCoreError, OSError)


class _Counted(io.RawIOBase):
    """Reads from something that only has read(), says how far it is, and names it in errors."""

    def __init__(
        self,
        place: str,
        source: Any,
        size_bytes: int | None,
        broken: Broken,
        progress: Progress | None,
    ) -> None:
        self._place = place
        self._source = source
        self._size_bytes = size_bytes
        self._broken = broken
        self._progress = progress
        self._done_bytes = 0
        # a FIFO or a terminal hands over what it has now
        self._into = getattr(source, "readinto1", None) or getattr(source, "readinto", None)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        # standard input may be a file, but somebody may have read from it before
        return self._place != STANDARD and bool(self._source.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._source.seek(offset, whence))

    def tell(self) -> int:
        return int(self._source.tell())

    def readinto(self, room: Any) -> int:
        try:
            count = self._read_into(memoryview(room))
        except self._broken as error:
            words = getattr(error, "strerror", None) or str(error)
            raise FilesError(words, self._place) from error
        self._done_bytes += count
        if self._progress is not None:
            self._progress(self._done_bytes, self._size_bytes)
        return count

    def _read_into(self, room: memoryview) -> int:
        if self._into is not None:
            return int(self._into(room) or 0)
        data: bytes = self._source.read(len(room))
        room[: len(data)] = data
        return len(data)
