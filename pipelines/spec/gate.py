"""The quality gate between a trained model and the registry."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import field_validator

from pipelines.spec.base import Spec, refusal


class Gate(Spec):
    """A model passes when the job's own final metric reaches `at_least`.

    With `beats_serving` it must also be better than the model that is served, which answers the
    same test rows; an equal one is not registered. `unlabelled` says what becomes of a model when
    the prepare job wrote no test channel, for want of labels: it fails, or is registered unjudged.
    """

    metric: str
    at_least: float
    beats_serving: bool = True
    unlabelled: Literal["fail", "register"] = "fail"

    @property
    def channel(self) -> str:
        """The channel that the metric is computed on."""
        return self.metric.partition(":")[0]

    @field_validator("at_least")
    @classmethod
    def _check_number(cls, value: float) -> float:
        if not math.isfinite(value):
            raise refusal(
                value,
                rule="the threshold must be a finite number",
                source="Amazon States Language, NumericGreaterThanEquals",
                remedy="use a number such as 0.9",
            )
        return value
