"""A metric that a training job's log tells, and which way of it is better."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field as Described
from pydantic import field_validator

from penstock.catalog.algorithms import FromAnswers, Objective
from pipelines.spec.base import Spec, refusal


class LoggedMetric(Spec):
    """The regular expression's first group is the value, wherever a line of the log has it.

    The name's part before the colon is the channel that the metric is computed on. `from_answers`
    says how it follows from a model's answers to that channel's rows, if it does.
    Source: botocore 1.44.5 sagemaker model, MetricDefinition.
    """

    name: Annotated[str, Described(min_length=1, max_length=255)]
    pattern: Annotated[str, Described(min_length=1, max_length=500)]
    objective: Objective
    from_answers: FromAnswers | None = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z]+:[a-z0-9_]+", value):
            raise refusal(
                value,
                rule="a metric's name is a channel, a colon and a word, in lower case",
                source="pipelines.spec.LoggedMetric",
                remedy="use a name such as 'test:accuracy'",
            )
        return value

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise refusal(
                value,
                rule=f"not a regular expression: {error}",
                source="botocore 1.44.5 sagemaker model, MetricDefinition.Regex",
                remedy=r"use one such as 'test_accuracy=([0-9.]+)'",
            ) from None
        if groups < 1:
            raise refusal(
                value,
                rule="the value is the expression's first group, and it has none",
                source="botocore 1.44.5 sagemaker model, MetricDefinition.Regex",
                remedy=r"put the value into parentheses: 'test_accuracy=([0-9.]+)'",
            )
        return value
