"""Counts captured invocations by endpoint: what was written, and what was lost."""

from __future__ import annotations

import threading
from collections import Counter


class CaptureAccount:
    """`written` and `lost` count records by endpoint name; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.written: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()

    def add_written(self, endpoint: str, records: int) -> None:
        """So many records are in S3."""
        with self._lock:
            self.written[endpoint] += records

    def add_lost(self, endpoint: str, records: int) -> None:
        """So many records could not be written."""
        with self._lock:
            self.lost[endpoint] += records
