"""Which records a run sends first, and which when a model is in service already."""

from __future__ import annotations

from collections.abc import Sequence

_FIRST_OF_TEN = 6


def portions(records: Sequence[bytes], *, is_scored: bool) -> tuple[list[bytes], list[bytes]]:
    """Six of ten, then the others.

    Series that are scored as they flow go on where they were; others are as good in any order.
    """
    if is_scored:
        first = len(records) * _FIRST_OF_TEN // 10
        return list(records[:first]), list(records[first:])
    return (
        [record for place, record in enumerate(records) if place % 10 < _FIRST_OF_TEN],
        [record for place, record in enumerate(records) if place % 10 >= _FIRST_OF_TEN],
    )
