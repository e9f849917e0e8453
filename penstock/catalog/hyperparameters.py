"""Hyperparameters of the first-party algorithms: what each may be, and what to tune it over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import in_words

# what Python reads as a number beyond this (1_0, blanks) other readers may not
_PLAIN = re.compile(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?")


class Hyperparameter(BaseModel):
    """Type, range and default of one hyperparameter; on the wire all of them are strings.

    `words` are accepted whatever the type; a list is a JSON list of them. A text is anything that
    fits `pattern`, and `form` says in words what that is. `required_when` has, by the name of
    another hyperparameter, the values of that one which make this one required. `note` says what
    a range cannot: with what it is used, or a default that is no fixed value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["integer", "number", "word", "list", "text"]
    words: tuple[str, ...] = ()
    minimum: float | None = None
    minimum_is_exclusive: bool = False
    maximum: float | None = None
    maximum_is_exclusive: bool = False
    multiple_of: int = 1
    pattern: str | None = None
    form: str | None = None
    default: str | None = None
    required: bool = False
    required_when: Mapping[str, tuple[str, ...]] = {}
    note: str | None = None
    unconfirmed: str | None = None

    @property
    def rule(self) -> str:
        """The accepted values in words."""
        if self.type == "list":
            return f"a JSON list with {' or '.join(self.words)} in it"
        if self.type == "text":
            return self.form or "text"
        parts = [f"one of {', '.join(self.words)}"] if self.words else []
        if self.type != "word":
            parts.append(f"{self._kind}{self._range}")
        return " or ".join(parts)

    @property
    def _kind(self) -> str:
        if self.type == "number":
            return "a number"
        return "an integer" if self.multiple_of == 1 else f"a multiple of {self.multiple_of}"

    @property
    def _range(self) -> str:
        low = None if self.minimum is None else in_words(self.minimum)
        high = None if self.maximum is None else in_words(self.maximum)
        if low is None or high is None:
            if low is not None:
                return f" above {low}" if self.minimum_is_exclusive else f" of {low} or more"
            return "" if high is None else f" of {high} or less"
        if self.minimum_is_exclusive or self.maximum_is_exclusive:
            first = "above" if self.minimum_is_exclusive else "from"
            return f" {first} {low} {'and below' if self.maximum_is_exclusive else 'to'} {high}"
        return f" from {low} to {high}"

    def accepts(self, value: str) -> bool:
        """Whether the algorithm takes the value, given as the string that is sent."""
        if self.type == "list":
            return self._accepts_list(value)
        if self.type == "text":
            return self.pattern is None or re.fullmatch(self.pattern, value) is not None
        if value in self.words:
            return True
        if self.type == "word" or not _PLAIN.fullmatch(value):
            return False
        try:
            number = int(value) if self.type == "integer" else float(value)
        except ValueError:
            return False
        return self.in_range(number)

    def in_range(self, number: float) -> bool:
        """Whether a number is within the bounds."""
        if self.minimum is not None and (
            number < self.minimum or (self.minimum_is_exclusive and number == self.minimum)
        ):
            return False
        if self.maximum is not None and (
            number > self.maximum or (self.maximum_is_exclusive and number == self.maximum)
        ):
            return False
        return number % self.multiple_of == 0 if self.type == "integer" else True

    def _accepts_list(self, value: str) -> bool:
        try:
            words = json.loads(value)
        except ValueError:
            return False
        return isinstance(words, list) and bool(words) and all(word in self.words for word in words)

    def required_with(self, given: Mapping[str, str]) -> bool:
        """Whether it must be given beside these other hyperparameters."""
        return self.required or any(
            given.get(other) in values for other, values in self.required_when.items()
        )


class Tunable(BaseModel):
    """The range that the documentation recommends to search a hyperparameter in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["integer", "continuous", "categorical"]
    minimum: float | None = None
    maximum: float | None = None
    words: tuple[str, ...] = ()
