"""What a fault's value can be, and which of the occasions it turns into a fault."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class ValueKind(ABC):
    """A kind of value; `default` is what counts when the command line gives none."""

    default: float

    @property
    @abstractmethod
    def rule(self) -> str:
        """What a value must be, for the list of faults and for refusals."""

    @abstractmethod
    def fits(self, value: float) -> bool:
        """Whether the value keeps the rule."""

    @abstractmethod
    def is_due(self, value: float, occasion: int) -> bool:
        """Whether the fault happens on that occasion; they are counted from 1."""

    def parse(self, text: str) -> float:
        """The value in the text; ValueError, with the rule, for another one."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not self.fits(value):
            raise ValueError(f"{text!r} is not {self.rule}")
        return value


class Times(ValueKind):
    """The first so many occasions."""

    @property
    def rule(self) -> str:
        """A count."""
        return "how many times: a whole number from 1"

    def fits(self, value: float) -> bool:
        """Whole and positive."""
        return value >= 1 and value % 1 == 0

    def is_due(self, value: float, occasion: int) -> bool:
        """Until it has happened so many times."""
        return occasion <= value


class Share(ValueKind):
    """Evenly spread over the occasions, the first one among them: the same in every run."""

    @property
    def rule(self) -> str:
        """A fraction."""
        return "a share: above 0, at most 1"

    def fits(self, value: float) -> bool:
        """Within the bounds."""
        return 0 < value <= 1

    def is_due(self, value: float, occasion: int) -> bool:
        """When the share of all occasions so far has risen by a whole one."""
        return math.ceil(value * occasion) > math.ceil(value * (occasion - 1))


class TimesOrShare(ValueKind):
    """A whole number is a count, what lies below 1 a share."""

    @property
    def rule(self) -> str:
        """Either."""
        return "how many times, a whole number from 1, or a share below 1"

    def fits(self, value: float) -> bool:
        """As one of the two."""
        return 0 < value < 1 or Times(1).fits(value)

    def is_due(self, value: float, occasion: int) -> bool:
        """As the one that it is."""
        kind: ValueKind = Share(1) if value < 1 else Times(1)
        return kind.is_due(value, occasion)


@dataclass(frozen=True)
class Once(ValueKind):
    """The first occasion alone; the value tells the fault how far, how long or how much.

    `of` names it with its unit ("seconds until ..."); it lies between `least` and `most`.
    """

    of: str
    least: float
    most: float

    @property
    def rule(self) -> str:
        """The unit and the bounds."""
        return f"{self.of}: {self.least:g} to {self.most:g}"

    def fits(self, value: float) -> bool:
        """Within the bounds."""
        return self.least <= value <= self.most

    def is_due(self, value: float, occasion: int) -> bool:  # noqa: ARG002 (one signature)
        """Once."""
        return occasion == 1
