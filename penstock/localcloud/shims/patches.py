"""Replaces attributes of moto's classes and modules, and puts the originals back."""

from __future__ import annotations

from typing import Any


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

    def undo(self) -> None:
        """Put everything back."""
        while self._originals:
            owner, name, original = self._originals.pop()
            setattr(owner, name, original)
