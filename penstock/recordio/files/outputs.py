"""Files that are there whole or not at all: paths, s3://bucket/key, - for standard output."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from penstock.recordio.checks import write_all
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.inputs import STANDARD
from penstock.recordio.files.s3_upload import S3Upload


class Finished(Protocol):
    """Nobody sees the bytes under the names of their files before finish()."""

    def finish(self) -> None:
        """The bytes become files of those names."""

    def drop(self) -> None:
        """Nothing of it stays."""


class Output(Protocol):
    """One such file."""

    place: str
    size_bytes: int

    def write(self, data: bytes | memoryview) -> int:
        """All of `data`; FilesError if the place does not take it."""

    def end(self) -> None:
        """No more bytes come; memory and the open file are given back."""

    def finish(self) -> None:
        """The bytes become the file of that name."""

    def drop(self) -> None:
        """Nothing of it stays."""


@contextmanager
def whole(output: Finished) -> Iterator[None]:
    """The output is finished at the end, and dropped if anything is raised before it."""
    try:
        yield
        output.finish()
    except BaseException:  # Ctrl-C as well
        output.drop()
        raise


def create(place: str) -> Output:
    """An output to write to. FilesError if it cannot be."""
    if place == STANDARD:
        return Stream(STANDARD, sys.stdout.buffer)
    if place.startswith("s3://"):
        return S3Upload(place)
    path = Path(place)
    if path.exists() and not path.is_file() and not path.is_dir():
        try:
            return Stream(place, path.open("wb", buffering=0))
        except OSError as error:
            raise FilesError(error.strerror or str(error), place) from error
    return LocalFile(place)


class LocalFile:
    """Written beside its name, and renamed when it is whole; a symbolic link stays one."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.size_bytes = 0
        self._is_finished = False
        self._path = Path(place).resolve()
        if self._path.is_dir():
            raise FilesError("Is a directory", place)
        self._partial = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.partial")
        try:
            self._file = self._partial.open("xb", buffering=0)
        except OSError as error:
            raise FilesError(error.strerror or str(error), place) from error

    def write(self, data: bytes | memoryview) -> int:
        """All of `data`."""
        try:
            count = write_all(cast("BinaryIO", self._file), data)
        except OSError as error:
            raise FilesError(error.strerror or str(error), self.place) from error
        self.size_bytes += count
        return count

    def end(self) -> None:
        """Close it."""
        self._file.close()

    def finish(self) -> None:
        """Rename it."""
        self.end()
        try:
            self._partial.replace(self._path)
        except OSError as error:
            raise FilesError(error.strerror or str(error), self.place) from error
        self._is_finished = True

    def drop(self) -> None:
        """Remove it, also when it had its name already."""
        self._file.close()
        self._partial.unlink(missing_ok=True)
        if self._is_finished:
            self._path.unlink(missing_ok=True)


class Stream:
    """Standard output, a FIFO, a device: what was written is gone, there is no taking it back."""

    def __init__(self, place: str, file: BinaryIO) -> None:
        self.place = place
        self.size_bytes = 0
        self._file = file

    def write(self, data: bytes | memoryview) -> int:
        """All of `data`; BrokenPipeError when nobody reads any more."""
        with self._named():
            count = write_all(self._file, data)
        self.size_bytes += count
        return count

    def end(self) -> None:
        """Hand over what is buffered."""
        with self._named():
            self._file.flush()
            if self.place != STANDARD:
                self._file.close()

    def finish(self) -> None:
        """Nothing more than the end."""
        self.end()

    def drop(self) -> None:
        """The reader finds the end early."""
        if self.place != STANDARD:
            self._file.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise FilesError(error.strerror or str(error), self.place) from error
