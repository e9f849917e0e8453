"""Replaces attributes of moto's classes and modules, and puts the originals back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

_NOTHING = object()


class Patches:
    """A list of replacements that one `undo` takes back, last one first."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name` to `value`; returns what was there. AttributeError if nothing was."""
        original = getattr(owner, name)
        self._originals.append((owner, name, original))
        setattr(owner, name, value)
        return original

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name`, which must not exist yet (AttributeError); `undo` removes it."""
        if hasattr(owner, name):
            raise AttributeError(f"{owner!r} has {name} already: replace it")
        self._originals.append((owner, name, _NOTHING))
        setattr(owner, name, value)

    def one_at_a_time(self, lock: AbstractContextManager[Any], owner: Any, *names: str) -> None:
        """Let whoever calls one of `owner`'s methods wait for `lock`: moto itself has none."""
        for name in names:
            self._locked(lock, owner, name)

    def _locked(self, lock: AbstractContextManager[Any], owner: Any, name: str) -> None:
        def call(*arguments: Any, **options: Any) -> Any:
            with lock:
                return stock(*arguments, **options)

        stock = self.replace(owner, name, call)

    def undo(self) -> None:
        """Put everything back."""
        while self._originals:
            owner, name, original = self._originals.pop()
            if original is _NOTHING:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
