"""One figure of a plan: its value, and what decided it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from penstock.catalog.limits import Limit


@dataclass(frozen=True)
class Figure:
    """`value` None is unknown: `because` says what is missing then.

    `name` is stable, for programs: 'stream.shards'. `source` says where the facts behind it were
    read, and `unconfirmed` what those did not settle.
    """

    name: str
    value: float | None
    unit: str
    because: str
    source: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()

    @classmethod
    def by(cls, name: str, value: float | None, unit: str, because: str, *limits: Limit) -> Figure:
        """A figure that follows from limits of the catalog, with their first sources."""
        return cls(
            name,
            value,
            unit,
            because,
            source=tuple(dict.fromkeys(limit.citation for limit in limits)),
            unconfirmed=tuple(
                dict.fromkeys(open_ for limit in limits for open_ in limit.unconfirmed)
            ),
        )

    def document(self) -> dict[str, Any]:
        """The figure as JSON has it, below its name."""
        return {
            "value": self.value,
            "unit": self.unit,
            "because": self.because,
            "source": list(self.source),
            "unconfirmed": list(self.unconfirmed),
        }
