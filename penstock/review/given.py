"""What no template says, and whoever asks for a review may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from penstock.review.blocks import Block


@dataclass(frozen=True)
class Reasons:
    """Why instance types were chosen. `why` is by use and type; `note` goes for all of them."""

    why: Mapping[tuple[str, str], str]
    note: str

    def of(self, use: str, instance_type: str) -> str | None:
        """One sentence or two; None if nobody gave any."""
        return self.why.get((use, instance_type))


class Prices(Protocol):
    """Prices of one Region by name; penstock.planner.prices.Prices is one."""

    @property
    def region(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def source(self) -> str: ...

    def amount(self, name: str, quantity: float) -> float | None:
        """What so much of a thing costs; None if it has no price."""


@dataclass(frozen=True)
class AtLoad:
    """What a load asks for.

    `in_words` is the load itself, `limits` what it meets, `cost` a month of it. `prices` are the
    names of what that month is billed by.
    """

    in_words: str
    limits: list[Block]
    cost: list[Block]
    prices: frozenset[str]


NO_REASONS = Reasons({}, "No template says why a type was chosen.")


@dataclass(frozen=True)
class Given:
    """All of it; nothing of it need be known. `accelerators` are those to choose from."""

    reasons: Reasons = NO_REASONS
    prices: Prices | None = None
    load: AtLoad | None = None
    accelerators: tuple[Block, ...] = ()

    @property
    def in_words(self) -> str:
        """What a review is made from."""
        beside = []
        if self.reasons is not NO_REASONS:
            beside.append("reasons for instance types from the description")
        if self.prices is not None:
            beside.append(f"prices of {self.prices.region}, {self.prices.date}")
        if self.load is not None:
            beside.append(f"a load of {self.load.in_words}")
        if not beside:
            return "Made from the templates alone."
        return f"Made from the templates; beside them {'; '.join(beside)}."


NOTHING = Given()
