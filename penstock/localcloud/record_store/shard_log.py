"""The records of one shard: numbered as they come, read from anywhere, forgotten by age."""

from __future__ import annotations

import shutil
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import NamedTuple, Protocol

from penstock.localcloud.record_store.segment import Columns, Segment, size_bytes


class StoredRecord(NamedTuple):
    """A record and its place in the shard; `arrival` in seconds since the epoch."""

    number: int
    partition_key: str
    data: bytes
    arrival: float


class Store(Protocol):
    """What the logs of a store share: memory."""

    segment_bytes: int

    def make_room(self, size: int) -> None:
        """So many bytes come."""

    def grown(self, segment: Segment, size: int) -> None:
        """So many bytes came into a segment."""

    def columns(self, segment: Segment) -> Columns:
        """A segment's records."""

    def drop(self, segment: Segment) -> None:
        """A segment is not needed any more."""


class ShardLog:
    """Numbers begin with 1 and have no gaps; that of a forgotten record does not come again."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.newest = 0  # the number of the record that came last
        self.newest_arrival = 0.0
        self._store = store
        self._folder = folder
        self._segments: list[Segment] = []
        self._kept_since = 0.0

    def append(self, partition_key: str, data: bytes, arrival: float) -> int:
        """The number of the new record. OSError when the disk is full: it is not taken then.

        No record is older than the one before it: a machine's clock can be set back.
        """
        arrival = max(arrival, self.newest_arrival)
        size = size_bytes(partition_key, data)
        self._store.make_room(size)
        segment = self._segments[-1] if self._segments else None
        if segment is None or segment.is_written or segment.size >= self._store.segment_bytes:
            segment = Segment(self._folder, self.newest + 1, arrival, arrival)
            self._segments.append(segment)
        columns = segment.columns
        assert columns is not None
        columns.keys.append(partition_key)
        columns.data.append(data)
        columns.arrivals.append(arrival)
        segment.count += 1
        segment.last_arrival = self.newest_arrival = arrival
        self._store.grown(segment, size)
        self.newest += 1
        return self.newest

    def read(self, after: int, *, limit: int, limit_bytes: int) -> list[StoredRecord]:
        """Records behind that number: at most so many, and so many bytes of data beyond one."""
        found: list[StoredRecord] = []
        place = bisect_right(self._segments, after + 1, key=lambda segment: segment.first)
        for index in range(max(place - 1, 0), len(self._segments)):
            segment = self._segments[index]
            if segment.last <= after:
                return found  # who is at the tip needs no file
            columns = self._store.columns(segment)
            start = max(after + 1 - segment.first, self._forgotten(segment, columns))
            for at in range(start, segment.count):
                data = columns.data[at]
                limit_bytes -= len(data)
                if len(found) == limit or (found and limit_bytes < 0):
                    return found
                found.append(
                    StoredRecord(segment.first + at, columns.keys[at], data, columns.arrivals[at])
                )
        return found

    def number_before(self, arrival: float) -> int:
        """The number of the newest record that came before that moment; 0 if none is there."""
        place = bisect_left(self._segments, arrival, key=lambda segment: segment.first_arrival)
        if place == 0:
            return 0
        segment = self._segments[place - 1]
        if segment.last_arrival < arrival:
            return segment.last
        return segment.first + bisect_left(self._store.columns(segment).arrivals, arrival) - 1

    def forget(self, before: float) -> None:
        """Records that came before that moment are gone, for good; files go as a whole."""
        self._kept_since = max(self._kept_since, before)
        gone = 0
        while gone < len(self._segments) and self._segments[gone].last_arrival < before:
            self._store.drop(self._segments[gone])
            gone += 1
        del self._segments[:gone]

    def drop(self) -> None:
        """All records are gone, and their files."""
        for segment in self._segments:
            self._store.drop(segment)
        self._segments.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _forgotten(self, segment: Segment, columns: Columns) -> int:
        """How many of its records are too old already."""
        if segment.first_arrival >= self._kept_since:
            return 0
        return bisect_left(columns.arrivals, self._kept_since)
