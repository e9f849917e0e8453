"""What reading met on its way: rows, and records that could not be read, with the reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Reading:
    """Filled while the batches are drawn."""

    objects: int = 0
    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # reason -> capture records

    def lines(self) -> list[str]:
        """One line per reason."""
        return [f"{count} records skipped: {why}" for why, count in self.skipped.most_common()]
