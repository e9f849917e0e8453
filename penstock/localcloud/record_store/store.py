"""The records of all streams of a local cloud, in a fixed amount of memory."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from penstock.localcloud.record_store.segment import Columns, Segment
from penstock.localcloud.record_store.shard_log import ShardLog

MB = 1_000_000


class RecordStore:
    """Keeps records below `folder`, which is its own; whoever uses it keeps other threads out.

    Args:
        folder: nothing is written there before the newest records are more than fit into memory.
        segment_bytes: records that share a file, and go together when they are too old.
        newest_bytes: of the newest records in memory, all shards together. Who reads at the tip
            needs no file.
        read_bytes: of older records in memory, because somebody has just read them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = MB,
        newest_bytes: int = 32 * MB,
        read_bytes: int = 16 * MB,
    ) -> None:
        self.segment_bytes = segment_bytes
        self._folder = folder
        self._newest = _InMemory(newest_bytes)
        self._read = _InMemory(read_bytes)
        self._numbers = itertools.count()

    @property
    def memory_bytes(self) -> int:
        """What the records in memory take."""
        return self._newest.size + self._read.size

    def shard(self) -> ShardLog:
        """An empty log."""
        return ShardLog(self, self._folder / str(next(self._numbers)))

    def close(self) -> None:
        """Remove all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def make_room(self, size: int) -> None:
        """Write old segments to disk until `size` more bytes fit. OSError if it takes no more."""
        while (oldest := self._newest.first_over(size)) is not None:
            assert oldest.columns is not None
            oldest.columns.write(oldest.path)
            oldest.is_written = True
            self._newest.remove(oldest)
            oldest.columns = None

    def grown(self, segment: Segment, size: int) -> None:
        """A segment in memory has so many bytes more."""
        segment.size += size
        self._newest.add(segment, size)

    def columns(self, segment: Segment) -> Columns:
        """The records of a segment, from its file if need be."""
        if segment.columns is None:
            while (oldest := self._read.first_over(segment.size)) is not None:
                self._read.remove(oldest)
                oldest.columns = None
            segment.columns = Columns.read(segment.path)
            self._read.add(segment, segment.size)
        return segment.columns

    def drop(self, segment: Segment) -> None:
        """A segment's records are kept no longer."""
        self._newest.remove(segment)
        self._read.remove(segment)
        if segment.is_written:
            segment.path.unlink(missing_ok=True)


class _InMemory:
    """Segments whose records are in memory, in the order in which they came there."""

    def __init__(self, limit_bytes: int) -> None:
        self.size = 0
        self._limit_bytes = limit_bytes
        self._sizes: dict[Segment, int] = {}

    def first_over(self, size: int) -> Segment | None:
        """The segment that has to go before `size` more bytes come, if one has to."""
        if self.size + size <= self._limit_bytes:
            return None
        return next(iter(self._sizes), None)

    def add(self, segment: Segment, size: int) -> None:
        """A segment is there with so many bytes, or so many more."""
        self._sizes[segment] = self._sizes.get(segment, 0) + size
        self.size += size

    def remove(self, segment: Segment) -> None:
        """It is not there, or no more."""
        self.size -= self._sizes.pop(segment, 0)
