"""Hyperparameter tuning: what is searched, over which ranges, on which scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Described
from pydantic import field_validator, model_validator

from penstock.catalog.facts import in_words
from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, advice, refusal

SOURCE = "SageMaker developer guide, automatic-model-tuning-define-ranges"
# a linear search is advised within one order of magnitude
_DECADE = 10


class _NumericRange(Spec):
    """Bounds and the scale that they are searched on."""

    minimum: float
    maximum: float
    scaling: Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"] = "Auto"

    @model_validator(mode="after")
    def _check_bounds(self) -> _NumericRange:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum)):
            raise refusal(
                [self.minimum, self.maximum],
                rule="minimum, maximum: a range has finite ends",
                source=SOURCE,
                remedy="use two numbers",
            )
        if self.minimum >= self.maximum:
            raise refusal(
                self.minimum,
                rule=f"minimum: it is not below the maximum {in_words(self.maximum)}",
                source=SOURCE,
                remedy="use a smaller one, or set the hyperparameter without a range",
            )
        if self.scaling == "Logarithmic" and self.minimum <= 0:
            raise refusal(
                self.scaling,
                rule=f"scaling: a logarithmic scale has no place for {in_words(self.minimum)}",
                source=SOURCE,
                remedy="use a minimum above 0, or scaling='Linear'",
            )
        if self.scaling == "ReverseLogarithmic" and not 0 <= self.minimum < self.maximum < 1:
            raise refusal(
                self.scaling,
                rule="scaling: a reverse logarithmic scale is for ranges from 0 to below 1",
                source=SOURCE,
                remedy="use such a range, or scaling='Logarithmic'",
            )
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """A linear search of several orders of magnitude, with the form that searches them all."""
        if self.scaling != "Linear" or self.minimum <= 0 or self.maximum <= _DECADE * self.minimum:
            return ()
        last = (self.maximum - self.maximum / _DECADE) / (self.maximum - self.minimum)
        low, high = in_words(self.minimum), in_words(self.maximum)
        return (
            advice(
                self.scaling,
                place="scaling",
                rule=f"from {low} to {high} it would spend {last:.0%} of the jobs above "
                f"{in_words(self.maximum / _DECADE)}",
                source=SOURCE,
                remedy=f"use {type(self).__name__}(minimum={self.minimum:.15g}, "
                f"maximum={self.maximum:.15g}, scaling='Logarithmic')",
            ),
        )


class IntegerRange(_NumericRange):
    """Whole numbers from `minimum` to `maximum`."""

    type: Literal["integer"] = "integer"
    minimum: int
    maximum: int
    scaling: Literal["Auto", "Linear", "Logarithmic"] = "Auto"


class ContinuousRange(_NumericRange):
    """Numbers from `minimum` to `maximum`."""

    type: Literal["continuous"] = "continuous"


class CategoricalRange(Spec):
    """Words to choose from."""

    type: Literal["categorical"] = "categorical"
    values: tuple[str, ...]

    @field_validator("values")
    @classmethod
    def _check_values(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bound = limit("sagemaker.tuning_categories")
        if not bound.allows(len(value)) or len(set(value)) < len(value):
            raise refusal(
                value, rule=bound.rule, source=bound.citation, remedy=f"use {bound.bounds}"
            )
        return value

    @property
    def warnings(self) -> tuple[str, ...]:
        """None: words have no scale."""
        return ()


Range = Annotated[
    IntegerRange | ContinuousRange | CategoricalRange, Described(discriminator="type")
]


class Tuning(Spec):
    """What a tuning job searches: `ranges` by hyperparameter, judged by the metric `objective`.

    Whether it is maximized or minimized is the metric's own. A hyperparameter with a range has a
    value beside it, too, for a training that searches nothing.
    """

    objective: str
    ranges: Mapping[str, Range]

    @field_validator("ranges")
    @classmethod
    def _check_ranges(cls, value: Mapping[str, Range]) -> Mapping[str, Range]:
        bound = limit("sagemaker.tuning_ranges")
        if not bound.allows(len(value)):
            raise refusal(
                len(value), rule=bound.rule, source=bound.citation, remedy=f"use {bound.bounds}"
            )
        return value

    @property
    def warnings(self) -> tuple[str, ...]:
        """What AWS would take, and is not wise; one line each."""
        return tuple(
            f"ranges.{name}.{line}"
            for name, found in self.ranges.items()
            for line in found.warnings
        )
