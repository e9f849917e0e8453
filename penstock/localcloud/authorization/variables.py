"""Strings of policies: wildcards and policy variables, compiled once.

Source: IAM user guide, "IAM policy elements: Variables and tags" and "IAM JSON policy elements:
Resource" (an asterisk may match beyond a colon).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

Context = Mapping[str, tuple[str, ...]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULTED = re.compile(r"(?P<key>[^,]*?)\s*,\s*'(?P<default>.*)'")
# In ${*} and in the values of variables * and ? are themselves. These code points, which no text
# may hold, stand for them until the pattern is made.
_LITERALS = str.maketrans({"*": "\ufdd0", "?": "\ufdd1"})
_MEANINGS = {"*": ".*", "?": ".", "\ufdd0": r"\*", "\ufdd1": r"\?"}
_SPECIAL = re.compile("([*?\ufdd0\ufdd1])")


@dataclass(frozen=True)
class Variable:
    """${key} or ${key, 'default'}; the key in lower case."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """Its value in the request; a key with several values cannot be a variable."""
        values = context.get(self.key, ())
        return values[0] if len(values) == 1 else self.default


@dataclass(frozen=True)
class Text:
    """One string of a policy, with its wildcards and variables."""

    written: str
    pieces: tuple[str | Variable, ...]

    @classmethod
    def parse(cls, written: str, *, variables: bool) -> Text:
        """`variables` is false before version 2012-10-17, where they are plain text."""
        if not variables or "${" not in written:
            return cls(written, (written,))
        pieces: list[str | Variable] = []
        end = 0
        for found in _VARIABLE.finditer(written):
            pieces += [written[end : found.start()], _piece(found[1])]
            end = found.end()
        return cls(written, (*pieces, written[end:]))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys whose values it takes, in lower case."""
        return frozenset(piece.key for piece in self.pieces if isinstance(piece, Variable))

    def plain(self, context: Context) -> str | None:
        """Without wildcards, as StringEquals compares it; None if a variable has no value."""
        if self.pieces == (self.written,):
            return self.written
        filled = self._filled(context)
        return None if filled is None else filled.replace("\ufdd0", "*").replace("\ufdd1", "?")

    def matches(self, value: str, context: Context) -> bool | None:
        """Whether the whole value fits, with wildcards; None if a variable has no value."""
        filled = self._filled(context)
        return None if filled is None else pattern(filled).fullmatch(value) is not None

    def matches_arn(self, value: str, context: Context) -> bool | None:
        """The same for each of an ARN's six components by itself.

        Raises ValueError if the policy's string does not have six components.
        """
        filled = self._filled(context)
        if filled is None:
            return None
        wanted = filled.split(":", 5)
        if len(wanted) != 6:
            raise ValueError(f"{self.written!r} is not an ARN of six components")
        parts = value.split(":", 5)
        return len(parts) == 6 and all(
            pattern(want).fullmatch(part) for want, part in zip(wanted, parts, strict=True)
        )

    def _filled(self, context: Context) -> str | None:
        if len(self.pieces) == 1 and isinstance(self.pieces[0], str):
            return self.pieces[0]
        found = ""
        for piece in self.pieces:
            if isinstance(piece, str):
                found += piece
                continue
            value = piece.value(context)
            if value is None:
                return None
            found += value.translate(_LITERALS)
        return found


def _piece(name: str) -> str | Variable:
    if name in ("*", "?", "$"):
        return name.translate(_LITERALS)
    defaulted = _DEFAULTED.fullmatch(name)
    if defaulted:
        return Variable(defaulted["key"].lower(), defaulted["default"])
    return Variable(name.lower(), None)


@lru_cache(maxsize=8192)
def pattern(written: str) -> re.Pattern[str]:
    """Of a string with * (any characters) and ? (one character)."""
    parts = _SPECIAL.split(written)
    return re.compile("".join(_MEANINGS.get(part) or re.escape(part) for part in parts), re.DOTALL)
