"""What no template says, and whoever asks for a review may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reasons:
    """Why instance types were chosen. `why` is by use and type; `note` goes for all of them."""

    why: Mapping[tuple[str, str], str]
    note: str

    def of(self, use: str, instance_type: str) -> str | None:
        """One sentence or two; None if nobody gave any."""
        return self.why.get((use, instance_type))


NO_REASONS = Reasons({}, "No template says why a type was chosen.")


@dataclass(frozen=True)
class Given:
    """All of it; nothing of it need be known."""

    reasons: Reasons = NO_REASONS


NOTHING = Given()
