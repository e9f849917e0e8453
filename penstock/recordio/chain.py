"""The files of a channel's folder, read one after the other like a FIFO that holds them all."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock.recordio.errors import RecordIOError
from penstock.recordio.frame import count_records


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, in the order of S3's keys: by the UTF-8 bytes of their names."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


class Chain(io.RawIOBase):
    """The bytes of several files; knows in which of them a byte lies."""

    def __init__(self, files: Sequence[Path]) -> None:
        super().__init__()
        self._files = files
        self._starts: list[int] = []  # of the files opened so far
        self._end = 0
        self._file: io.FileIO | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, room: Any) -> int:
        """As many bytes as one file gives at a time; 0 after the last."""
        self._checkClosed()
        while True:
            if self._file is not None:
                if count := self._file.readinto(room):
                    self._end += count
                    return count
                self._file.close()
                self._file = None
            if len(self._starts) == len(self._files):
                return 0
            self._file = io.FileIO(self._files[len(self._starts)])
            self._starts.append(self._end)

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
        super().close()

    def explain(self, error: RecordIOError) -> str:
        """An error's message with the file to blame and the byte in it.

        A file that ends inside a record shows only in the next one, so the two are looked at.
        """
        number = max(bisect_right(self._starts, error.offset) - 1, 0)
        for file in self._files[max(number - 1, 0) : number + 1]:
            try:
                with file.open("rb") as stream:
                    count_records(stream)
            except RecordIOError as alone:
                return f"in file {file.name}, {alone}"
        place = error.offset - (self._starts[number] if self._starts else 0)
        return f"in file {self._files[number].name} at its byte {place}: {error.message}"
