"""A price file: what one Region asks for each quantity, in a small JSON format of ours."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

FORMAT = "penstock-prices-1"


class PricesError(ValueError):
    """The file is no price file; one line that says why."""


class Tier(BaseModel):
    """What each unit costs above so many of a month's units, until the next tier begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    above: float
    price: float

    @model_validator(mode="after")
    def _check_numbers(self) -> Tier:
        if not (math.isfinite(self.above) and math.isfinite(self.price)):
            raise ValueError("a tier's numbers are finite")
        if self.above < 0 or self.price < 0:
            raise ValueError("a tier's numbers are 0 or more")
        return self


class Prices(BaseModel):
    """Prices of one Region by the names that quantities have; a number is one tier from 0 on.

    `date` is the day they were valid, `source` where they come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["penstock-prices-1"]
    region: str
    currency: str
    date: str
    source: str
    prices: dict[str, float | list[Tier]]

    @classmethod
    def read(cls, path: Path) -> Prices:
        """The prices of a file.

        Raises:
            PricesError: it cannot be read, or is none.
        """
        try:
            document: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it holds no JSON"
            raise PricesError(f"{path}: {reason}") from None
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise PricesError(
                f"{path}: {place}: {first['msg']} (docs/plan.md has the format {FORMAT})"
            ) from None

    @model_validator(mode="after")
    def _check_tiers(self) -> Prices:
        for name, price in self.prices.items():
            if isinstance(price, float):
                Tier(above=0, price=price)
                continue
            begins = [tier.above for tier in price]
            if not begins or begins[0] != 0 or begins != sorted(set(begins)):
                raise ValueError(f"prices.{name}: tiers rise from above 0 on")
        return self

    def amount(self, name: str, quantity: float) -> float | None:
        """What so much of a thing costs, tier by tier; None if it has no price."""
        price = self.prices.get(name)
        if price is None:
            return None
        if isinstance(price, float):
            return price * quantity
        total = 0.0
        ends = [*(tier.above for tier in price[1:]), math.inf]
        for tier, end in zip(price, ends, strict=True):
            total += tier.price * max(0.0, min(quantity, end) - tier.above)
        return total
