"""Rounding that does not trip over the last bit of a float."""

from __future__ import annotations

import math

_DIGITS = 9  # 0.1 x 10,000 / 1,000 is one, not one and a bit


def whole(amount: float) -> int:
    """The least whole number that covers an amount, which may be a billionth above it."""
    return math.ceil(round(amount, _DIGITS))
