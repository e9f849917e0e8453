"""What a fault's value can be, and which of the occasions it turns into a fault."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

Value = float | str


@dataclass(frozen=True)
class ValueKind(ABC):
    """A kind of value; `default` is what counts when the command line gives none."""

    default: Value

    @property
    @abstractmethod
    def rule(self) -> str:
        """What a value must be, for the list of faults and for refusals."""

    @abstractmethod
    def parse(self, text: str) -> Value:
        """The value in the text; ValueError, with the rule, for another one."""


class Number(ValueKind):
    """A number, which tells how often or how much."""

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


class Times(Number):
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


class Share(Number):
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


class TimesOrShare(Number):
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
        kind: Number = Share(1) if value < 1 else Times(1)
        return kind.is_due(value, occasion)


@dataclass(frozen=True)
class Once(Number):
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


@dataclass(frozen=True)
class Place(ValueKind):
    """A name of where the fault happens, once; `of` says what is named.

    `known` are all there are; without any, every name is taken that nothing speaks against.
    """

    of: str
    known: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """What is named, and all names if they are known."""
        return f"{self.of}: {', '.join(self.known)}" if self.known else self.of

    def parse(self, text: str) -> str:
        """The name; ValueError, with the rule, if it is none."""
        if not text or (self.known and text not in self.known):
            raise ValueError(f"{text!r} is not {self.rule}")
        return text
