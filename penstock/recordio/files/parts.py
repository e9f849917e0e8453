"""Records written to numbered files of a folder or an s3:// prefix, all of them or none."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.inputs import STANDARD
from penstock.recordio.files.outputs import LocalFile, Output
from penstock.recordio.files.s3_upload import S3Upload, first_key
from penstock.recordio.files.walk import record_ends

NAME = "part-{:05d}.rec"
EARLIER = "part-"


class Cut(Protocol):
    """Says where a file ends."""

    def fitting(self, part: Part, ends: Sequence[int], done: int) -> int:
        """How many of the records from number `done` on still go into the part.

        They end at `ends`. A part that is empty takes one in any case.
        """


@dataclass
class Part:
    """A file so far: its bytes and records, and the bytes of the files before it."""

    size_bytes: int = 0
    records: int = 0
    before_bytes: int = 0


@dataclass(frozen=True)
class BySize:
    """At most `limit_bytes` in a file, or one record that is larger."""

    limit_bytes: int

    def fitting(self, part: Part, ends: Sequence[int], done: int) -> int:
        """Those that end before the limit."""
        room = self.limit_bytes - part.size_bytes
        return bisect.bisect_right(ends, _begin(ends, done) + room, done) - done


@dataclass(frozen=True)
class ByRecords:
    """`limit` records in each file but the last."""

    limit: int

    def fitting(self, part: Part, ends: Sequence[int], done: int) -> int:
        """Until the part has enough."""
        return min(len(ends) - done, self.limit - part.records)


@dataclass(frozen=True)
class ByCount:
    """`count` files of nearly the same size, out of `total_bytes`.

    Each record goes to the file in whose portion it begins; a portion without one makes no file.
    """

    count: int
    total_bytes: int

    def fitting(self, part: Part, ends: Sequence[int], done: int) -> int:
        """Those that begin in the portion where the part begins."""
        portion = part.before_bytes * self.count // self.total_bytes
        portion_end = -(-(portion + 1) * self.total_bytes // self.count)
        room = portion_end - part.before_bytes - part.size_bytes
        if room <= 0:
            return 0
        # a record that begins where another ends, before the portion does
        found = bisect.bisect_left(ends, _begin(ends, done) + room, done) - done + 1
        return min(len(ends) - done, found)


def _begin(ends: Sequence[int], number: int) -> int:
    """Where a record begins."""
    return ends[number - 1] if number else 0


class Parts:
    """part-00000.rec, part-00001.rec ... in a folder, or below an s3:// prefix.

    The names appear when all parts are written. On S3 that takes a request for each part: if one
    of these last requests fails, the parts before it are there already.
    """

    def __init__(self, place: str, cut: Cut) -> None:
        if place == STANDARD:
            raise FilesError("several files need a folder or an s3:// prefix, not standard output")
        self._place = place.rstrip("/")
        self._cut = cut
        self._part = Part()
        self._outputs: list[Output] = []
        self._new_folder: Path | None = None
        earlier = self._earlier()
        if earlier:
            raise FilesError(
                f"{earlier} is there already: name another folder, or remove its parts", place
            )

    @property
    def files(self) -> list[tuple[str, int]]:
        """Names and bytes."""
        return [(output.place, output.size_bytes) for output in self._outputs]

    def write(self, data: bytes | memoryview) -> int:
        """Append whole records."""
        whole = memoryview(data)
        self.add(whole, record_ends(whole))
        return len(whole)

    def add(self, data: memoryview, ends: Sequence[int]) -> None:
        """Append whole records that end at `ends`."""
        assert ends[-1] == len(data)
        done = 0
        while done < len(ends):
            start = _begin(ends, done)
            count = self._cut.fitting(self._part, ends, done) if self._outputs else 0
            if not count:
                if not self._outputs or self._part.records:
                    self._begin()
                    continue
                count = 1
            end = ends[done + count - 1]
            self._outputs[-1].write(data[start:end])
            self._part.size_bytes += end - start
            self._part.records += count
            done += count

    def finish(self) -> None:
        """All parts appear under their names."""
        self._end()
        for output in self._outputs:
            output.finish()

    def drop(self) -> None:
        """No part stays."""
        for output in self._outputs:
            output.drop()
        if self._new_folder is not None:
            with suppress(OSError):  # something else is in there by now
                self._new_folder.rmdir()

    def _begin(self) -> None:
        self._end()
        place = f"{self._place}/{NAME.format(len(self._outputs))}"
        self._outputs.append(S3Upload(place) if place.startswith("s3://") else LocalFile(place))
        self._part = Part(before_bytes=self._part.before_bytes + self._part.size_bytes)

    def _end(self) -> None:
        if self._outputs:
            self._outputs[-1].end()

    def _earlier(self) -> str | None:
        """A part that is there already; makes the folder if there is none."""
        if self._place.startswith("s3://"):
            return first_key(f"{self._place}/{EARLIER}")
        folder = Path(self._place)
        try:
            if folder.exists():
                return next((str(path) for path in sorted(folder.glob(f"{EARLIER}*"))), None)
            folder.mkdir()
        except OSError as error:
            raise FilesError(error.strerror or str(error), self._place) from error
        self._new_folder = folder
        return None
