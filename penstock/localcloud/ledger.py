"""The honest account: for every deployed resource, what is real here and what stood in for it."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any


class Life(StrEnum):
    """How far a resource lives in the local cloud."""

    LIVE = "live"  # it behaves by its settings, and a behaviour test for its type exists
    API_ONLY = "api_only"  # the API knows it, nothing happens
    SUBSTITUTED = "substituted"  # something named stands in


@dataclass(frozen=True)
class Entry:
    """One resource of a deployed template, or one thing that a job needed (an image)."""

    resource: str
    type: str
    life: Life
    by: str = ""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Difference:
    """A property that came back otherwise than a template asks; `said` is why, if known."""

    resource: str
    type: str
    property: str
    asked: Any
    there: Any
    said: str = ""


@dataclass(frozen=True)
class ReadBack:
    """How the properties of one resource came back from its service after a deploy."""

    equal: int
    not_given_back: int
    different: tuple[Difference, ...]


class Ledger:
    """Entries by resource; the deployment writes them, workers refine them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._read_back: dict[str, ReadBack] = {}
        self._lock = threading.Lock()

    def record(self, resource: str, type_: str, life: Life, by: str = "") -> None:
        """Say what `resource` is here. `resource` is "<stack>/<logical id>" or a job's name."""
        with self._lock:
            known = self._entries.get(resource)
            self._entries[resource] = Entry(resource, type_, life, by, known.notes if known else ())

    def note(self, resource: str, text: str) -> None:
        """Add what differs from AWS; the resource must be recorded already (KeyError)."""
        with self._lock:
            entry = self._entries[resource]
            if text not in entry.notes:
                self._entries[resource] = replace(entry, notes=(*entry.notes, text))

    def read_back(self, resource: str, properties: ReadBack) -> None:
        """Say how the resource's properties came back; the last deploy's word holds."""
        with self._lock:
            self._read_back[resource] = properties

    def forget(self, resource: str) -> None:
        """The resource was deleted."""
        with self._lock:
            self._entries.pop(resource, None)
            self._read_back.pop(resource, None)

    def entries(self) -> list[Entry]:
        """All entries, in the order in which they were first recorded."""
        with self._lock:
            return list(self._entries.values())

    def report(self) -> dict[str, Any]:
        """Counts of live and api_only, the substituted ones one by one, and every entry.

        `properties` counts those that came back as templates ask, and lists the others.
        """
        entries = self.entries()
        with self._lock:
            read_back = list(self._read_back.values())
        return {
            "live": sum(entry.life is Life.LIVE for entry in entries),
            "api_only": sum(entry.life is Life.API_ONLY for entry in entries),
            "substituted": [
                {"resource": e.resource, "type": e.type, "by": e.by}
                for e in entries
                if e.life is Life.SUBSTITUTED
            ],
            "properties": {
                "equal": sum(each.equal for each in read_back),
                "not_given_back": sum(each.not_given_back for each in read_back),
                "different": [asdict(found) for each in read_back for found in each.different],
            },
            "entries": [asdict(entry) for entry in entries],
        }
