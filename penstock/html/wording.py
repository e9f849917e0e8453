"""Numbers with their units, as people read them."""

from __future__ import annotations

import math
from typing import TypeGuard

_SPACE = "\u00a0"  # number and unit stay on one line


def counted(count: float, one: str, many: str | None = None) -> str:
    """`1 row`, `1,822 rows`, `no rows`."""
    if count == 1:
        return f"1{_SPACE}{one}"
    return f"{number(count) if count else 'no'}{_SPACE}{many or one + 's'}"


def number(value: float) -> str:
    """A count with thousands separated; other numbers to four places."""
    if math.isfinite(value) and value == int(value):
        return f"{int(value):,}"
    return f"{value:.4f}"


def percent(share: float) -> str:
    """0.9713 as `97.1 %`."""
    return f"{100 * share:.1f}{_SPACE}%"


def seconds(value: float) -> str:
    """`44.5 s`, `2 min 5 s`; what is shorter than a tenth is said so."""
    if 0 < value < 0.1:
        return f"<{_SPACE}0.1{_SPACE}s"
    if value < 120:
        return f"{value:.1f}{_SPACE}s"
    return f"{int(value // 60)}{_SPACE}min {int(value % 60)}{_SPACE}s"


def size(count: int) -> str:
    """Bytes as `812 B` or `3.4 kB`."""
    return f"{count}{_SPACE}B" if count < 1000 else f"{count / 1000:,.1f}{_SPACE}kB"


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of the report can be drawn."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
