"""What arrived more often than it was sent: AWS delivers at least once, so there may be copies."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq

# of a row, so many columns tell it from others: what records are known by comes first in a schema
_COLUMNS = 4

Content = tuple[Hashable, ...]


@dataclass(frozen=True)
class Copies:
    """How many rows of the lake, and how many error lines of each kind, are copies."""

    rows: int
    transform: int
    conversion: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.rows + self.transform + self.conversion


class Arrivals:
    """Compares the contents of what was sent with those of rows in the lake and of error lines.

    Rows that look like nothing that was sent are nobody's copies.
    """

    def __init__(self) -> None:
        self._sent: Counter[bytes] = Counter()
        self._failed: Counter[str] = Counter()
        self._unfit: list[bytes] = []
        self._rows: Counter[Content] = Counter()
        self._columns: list[str] = []

    def sent(self, records: Iterable[bytes]) -> None:
        """Records that went to the stream."""
        self._sent.update(records)

    def failed(self, sha256: str) -> None:
        """An error line of the transform is of a record with this digest."""
        self._failed[sha256] += 1

    def unfit(self, transformed: bytes) -> None:
        """An error line of the conversion is of a record that the transform had made this of."""
        self._unfit.append(transformed)

    def rows(self, file: pq.ParquetFile) -> None:
        """An object of the lake."""
        self._columns = self._columns or file.schema_arrow.names[:_COLUMNS]
        columns = [name for name in self._columns if name in file.schema_arrow.names]
        for row in file.read(columns=columns).to_pylist():
            self._rows[tuple(_comparable(row.get(name)) for name in self._columns)] += 1

    def copies(self) -> Copies:
        """A record that failed and is in the lake, too, counts as failed, its row as a copy."""
        expected: Counter[Content] = Counter()
        transform = conversion = 0
        for record, count in self._sent.items():
            lines = self._failed[hashlib.sha256(record).hexdigest()]
            transform += max(0, lines - count)
            content = self._content(record)
            if content is not None:
                expected[content] += max(0, count - lines)
        for content in map(self._content, self._unfit):
            if content is not None and content in expected:
                conversion += expected[content] == 0
                expected[content] = max(0, expected[content] - 1)
        rows = sum(
            max(0, count - expected[content])
            for content, count in self._rows.items()
            if content in expected
        )
        return Copies(rows, transform, conversion)

    def _content(self, record: bytes) -> Content | None:
        """What the record's row would be, None if it cannot be one."""
        try:
            document = json.loads(record)
        except ValueError:
            return None
        if not isinstance(document, dict):
            return None
        flat: dict[str, Any] = {}
        for name, value in document.items():
            if isinstance(value, list):
                flat |= {f"{name}_{index}": item for index, item in enumerate(value)}
            else:
                flat[name] = value
        return tuple(_comparable(flat.get(name)) for name in self._columns)


def _comparable(value: Any) -> Hashable:
    """Numbers are equal whatever their type, times whatever their form."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return value if isinstance(value, Hashable) else str(value)
