"""Amounts of a month: quantities by prices; what has no price stays unknown and is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from penstock.planner.prices import Prices
from penstock.planner.quantities import Quantity


@dataclass(frozen=True)
class Amount:
    """What a quantity costs; None if the quantity or its price is unknown."""

    quantity: Quantity
    amount: float | None


@dataclass(frozen=True)
class Cost:
    """The amounts of a month; `currency` None where no prices were given."""

    amounts: tuple[Amount, ...]
    currency: str | None

    @classmethod
    def of(cls, quantities: Sequence[Quantity], prices: Prices | None) -> Cost:
        """What quantities cost at these prices; without prices all is unknown."""
        amounts = []
        for quantity in quantities:
            amount = None
            if prices is not None and quantity.amount is not None:
                amount = prices.amount(quantity.price, quantity.amount)
            amounts.append(Amount(quantity, amount))
        return cls(tuple(amounts), None if prices is None else prices.currency)

    @property
    def known(self) -> float | None:
        """The sum of what is known; None if nothing is."""
        known = [found.amount for found in self.amounts if found.amount is not None]
        return sum(known) if known else None

    @property
    def of_it_at_most(self) -> float:
        """The part of the sum that is a bound and not an amount: jobs end before their limits."""
        return self._sum("at most")

    @property
    def of_it_at_least(self) -> float:
        """The part of the sum that may be more."""
        return self._sum("at least")

    @property
    def idle(self) -> float | None:
        """What is billed without any load, as far as it is known."""
        known = [
            found.amount
            for found in self.amounts
            if found.quantity.idle and found.amount is not None
        ]
        return sum(known) if known else None

    @property
    def left_out(self) -> tuple[str, ...]:
        """The quantities that no sum has."""
        return tuple(found.quantity.name for found in self.amounts if found.amount is None)

    def part(self, names: Sequence[str]) -> Cost:
        """The amounts of some quantities alone."""
        found = tuple(found for found in self.amounts if found.quantity.name in names)
        return Cost(found, self.currency)

    def document(self) -> dict[str, Any]:
        """The cost as JSON has it."""
        return {
            "currency": self.currency,
            "known": self.known,
            "of_it_at_most": self.of_it_at_most,
            "of_it_at_least": self.of_it_at_least,
            "idle": self.idle,
            "left_out": list(self.left_out),
            "amounts": {found.quantity.name: found.amount for found in self.amounts},
        }

    def _sum(self, bound: str) -> float:
        return sum(
            found.amount
            for found in self.amounts
            if found.quantity.bound == bound and found.amount is not None
        )
