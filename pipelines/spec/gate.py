"""The quality gate between a trained model and the registry."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import field_validator, model_validator

from penstock.catalog.algorithms import Objective
from pipelines.spec.base import Spec, refusal


class Gate(Spec):
    """A model passes when the job's own final metric reaches `at_least`, or stays at `at_most`.

    One of the two: `at_least` where a larger metric is better, `at_most` where a smaller one is.
    With `beats_serving` the model must also be better than the one that is served, which answers
    the same test rows; an equal one is not registered. `unlabelled` says what becomes of a model
    when the prepare job wrote no test channel, for want of labels: it fails, or is registered
    unjudged.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    beats_serving: bool = True
    unlabelled: Literal["fail", "register"] = "fail"

    @property
    def channel(self) -> str:
        """The channel that the metric is computed on."""
        return self.metric.partition(":")[0]

    @property
    def objective(self) -> Objective:
        """Which way is better, as the threshold says."""
        return "maximize" if self.at_most is None else "minimize"

    @property
    def threshold(self) -> float:
        """The value that just passes."""
        value = self.at_least if self.at_most is None else self.at_most
        assert value is not None  # one of them is given
        return value

    @property
    def demand(self) -> str:
        """What is asked for, in words: 'at least 0.9'."""
        words = "at least" if self.objective == "maximize" else "at most"
        return f"{words} {self.threshold:g}"

    @field_validator("at_least", "at_most")
    @classmethod
    def _check_number(cls, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise refusal(
                value,
                rule="the threshold must be a finite number",
                source="Amazon States Language, NumericGreaterThanEquals",
                remedy="use a number such as 0.9",
            )
        return value

    @model_validator(mode="after")
    def _check_one_threshold(self) -> Gate:
        if (self.at_least is None) == (self.at_most is None):
            raise refusal(
                [self.at_least, self.at_most],
                rule="at_least, at_most: a gate has one threshold",
                source="pipelines.spec.Gate",
                remedy="give at_least where a larger metric is better, at_most where a smaller "
                "one is",
            )
        return self
