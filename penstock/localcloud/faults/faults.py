"""The faults that were chosen for a local cloud: when each is due, and what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.faults.fault import Fault
from penstock.localcloud.faults.registry import ALL
from penstock.localcloud.faults.values import Number, Value


@dataclass
class _Chosen:
    fault: Fault
    value: Value
    occasions: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        name = f"{self.fault.name}={shown(self.value)}"
        if not self.happened:
            return f"{name}: it did not happen: nothing came to the point where it would"
        then = f"; then {_counted(self.followed)}" if self.followed else ""
        return f"{name}: {_counted(self.happened)}{then}. On AWS: {self.fault.on_aws}"


class Faults:
    """Shims and workers ask at the very place where something goes wrong; any thread may.

    Where no fault was chosen, none is ever due.
    """

    def __init__(self) -> None:
        self._chosen: dict[str, _Chosen] = {}
        self._hit: dict[Hashable, set[str]] = {}
        self._lock = threading.Lock()

    @classmethod
    def chosen(cls, wishes: Iterable[str]) -> Faults:
        """Of "NAME" and "NAME=VALUE". LocalCloudError for an unknown name or a wrong value."""
        faults = cls()
        for wish in wishes:
            name, _, text = wish.partition("=")
            if name not in ALL:
                raise LocalCloudError(f"unknown fault {name}: choose one of {', '.join(ALL)}")
            if name in faults._chosen:
                raise LocalCloudError(f"fault {name} is given twice: give it once")
            kind = ALL[name].value
            try:
                value = kind.parse(text) if "=" in wish else kind.default
            except ValueError as error:
                raise LocalCloudError(f"fault {name}: {error}") from None
            faults._chosen[name] = _Chosen(ALL[name], value)
        return faults

    def value(self, name: str) -> float | None:
        """The value of a chosen fault, None for another; this is no occasion. KeyError: no fault.

        For what holds all the time, and to save the work of finding out what `due` is asked for.
        """
        chosen = self._chosen.get(ALL[name].name)
        return chosen.value if chosen and not isinstance(chosen.value, str) else None

    def due(self, name: str) -> float | None:
        """The fault's value if it must happen now, else None. KeyError: there is no such fault.

        Each call is one occasion: ask once for each thing that could go wrong, then make it go
        wrong and say so with `happened`.
        """
        value = self.value(name)
        if value is None:
            return None
        with self._lock:
            chosen = self._chosen[name]
            chosen.occasions += 1
            kind = chosen.fault.value
            is_due = isinstance(kind, Number) and kind.is_due(value, chosen.occasions)
            return value if is_due else None

    def is_chosen(self, name: str) -> bool:
        """Whether the fault is one of those of this run."""
        return name in self._chosen

    def due_at(self, name: str, place: str) -> bool:
        """Whether the fault must happen now, at this place: once. KeyError: no such fault."""
        chosen = self._chosen.get(ALL[name].name)
        if chosen is None or chosen.value != place:
            return False
        with self._lock:
            chosen.occasions += 1
            return chosen.occasions == 1

    def happened(
        self, name: str, detail: str, times: int = 1, *, to: Iterable[Hashable] = ()
    ) -> None:
        """It went wrong; `detail` says what did, and is counted. KeyError if it was not chosen.

        `to` names the things that it went wrong for, if `came_of` is to tell what became of them.
        """
        with self._lock:
            self._chosen[name].happened[detail] += times
            self._hit_by(name, to)

    def followed(
        self, name: str, detail: str, times: int = 1, *, to: Iterable[Hashable] = ()
    ) -> None:
        """What was seen to come of it: tried again with success, counted as failed, ..."""
        with self._lock:
            self._chosen[name].followed[detail] += times
            self._hit_by(name, to)

    def came_of(self, things: Iterable[Hashable], detail: str) -> None:
        """What became of these things, for the faults that had happened to any of them."""
        if not self._hit:
            return
        with self._lock:
            for thing in things:
                for name in self._hit.pop(thing, ()):
                    self._chosen[name].followed[detail] += 1

    def _hit_by(self, name: str, things: Iterable[Hashable]) -> None:
        for thing in things:
            self._hit.setdefault(thing, set()).add(name)

    def entries(self) -> list[dict[str, Any]]:
        """For each chosen fault its name, value, how often it happened, and a line that tells."""
        with self._lock:
            return [
                {
                    "name": name,
                    "value": chosen.value,
                    "happened": chosen.happened.total(),
                    "line": chosen.line(),
                }
                for name, chosen in self._chosen.items()
            ]


def shown(value: Value) -> str:
    """A value as one would give it."""
    return value if isinstance(value, str) else f"{value:g}"


def _counted(details: Counter[str]) -> str:
    return ", ".join(
        f"{detail} ({times} time{'s' if times > 1 else ''})" for detail, times in details.items()
    )
