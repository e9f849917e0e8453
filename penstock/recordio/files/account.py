"""What was done: rows and their kinds, the files with their bytes, what was rounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from penstock.recordio.rows import Rows

SHOWN_FILES = 10


@dataclass
class Account:
    """Filled while it is done; `lines` are for people.

    `kinds` counts the rows by what they hold, where that is looked at: split and merge do not.
    """

    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    files: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, rows: Rows) -> None:
        """Rows that were written."""
        self.rows += len(rows)
        self.kinds[rows.kind.words()] += len(rows)

    def lines(self) -> list[str]:
        """Rows, then files, then what is to be known besides."""
        lines = [f"{count} rows of {kind}" for kind, count in self.kinds.items()]
        if not lines:
            lines.append(f"{self.rows} records")
        names = [f"{name}: {size} bytes" for name, size in self.files]
        lines += names if len(names) <= SHOWN_FILES else [names[0], "...", names[-1]]
        if len(names) > 1:
            total = sum(size for _, size in self.files)
            lines.append(f"{len(names)} files, {total} bytes")
        return lines + self.notes
