"""What reading met on its way: rows, times, and records that could not be read, with the reason."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from penstock.monitor.window import Window, utc_text, utc_time

_REASONS = 20
_OTHER = "other reasons"  # reasons hold what clients sent: there is no end of them


@dataclass
class Reading:
    """Filled while the batches are drawn; parts merge as profiles do."""

    objects: int = 0
    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # reason -> capture records
    outside: int = 0  # capture records before or after the window
    first: datetime | None = None  # of the capture records in the window
    last: datetime | None = None

    def skip(self, why: str, records: int = 1) -> None:
        """Count records that are left out."""
        known = why in self.skipped or len(self.skipped) < _REASONS
        self.skipped[why if known else _OTHER] += records

    def saw(self, time: datetime) -> None:
        """A capture record of that time counts."""
        self.first = min(self.first or time, time)
        self.last = max(self.last or time, time)

    def merge(self, other: Reading) -> None:
        """Add another part's."""
        self.objects += other.objects
        self.rows += other.rows
        self.outside += other.outside
        for why, records in other.skipped.items():
            self.skip(why, records)
        for time in (other.first, other.last):
            if time is not None:
                self.saw(time)

    def lines(self, window: Window | None = None) -> list[str]:
        """One line per end of the window without captures, and per reason."""
        lines = window.gaps(self.first, self.last) if window and self.first and self.last else []
        lines += [f"{count} records skipped: {why}" for why, count in self.skipped.most_common()]
        return lines

    def to_bytes(self) -> bytes:
        """For another process; JSON."""
        document = {
            "objects": self.objects,
            "rows": self.rows,
            "skipped": self.skipped,
            "outside": self.outside,
            "times": [utc_text(time) for time in (self.first, self.last) if time],
        }
        return json.dumps(document).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Reading:
        """The inverse of `to_bytes`."""
        document: dict[str, Any] = json.loads(content)
        reading = cls(document["objects"], document["rows"], Counter(document["skipped"]))
        reading.outside = document["outside"]
        for time in document["times"]:
            reading.saw(utc_time(time))
        return reading
