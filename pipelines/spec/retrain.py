"""When a pipeline trains again without being asked."""

from __future__ import annotations

from pydantic import field_validator

from pipelines.spec.base import Spec, refusal


class Retrain(Spec):
    """Trains again on drift and on schedule, but only if the lake has newer records.

    A violation alarm asks for a training at once, `every_days` asks when the last training is so
    old (None: never). Between two automatic trainings lie `pause_minutes`, and a UTC day has
    `at_most_per_day` of them. The stack's parameter AutomaticRetraining turns all of it off.
    """

    every_days: int | None = 7
    at_most_per_day: int = 2
    pause_minutes: int = 60

    @field_validator("every_days")
    @classmethod
    def _check_days(cls, value: int | None) -> int | None:
        if value is not None and not 1 <= value <= 365:
            raise refusal(
                value,
                rule="a model is trained again every 1 to 365 days",
                source="pipelines.spec.Retrain",
                remedy="use such a number, or None for no schedule",
            )
        return value

    @field_validator("at_most_per_day")
    @classmethod
    def _check_count(cls, value: int) -> int:
        if not 1 <= value <= 24:
            raise refusal(
                value,
                rule="a day has 1 to 24 automatic trainings at most",
                source="pipelines.spec.Retrain",
                remedy="use such a number, or leave retrain out for none",
            )
        return value

    @field_validator("pause_minutes")
    @classmethod
    def _check_pause(cls, value: int) -> int:
        if not 0 <= value <= 1440:
            raise refusal(
                value,
                rule="the pause between two automatic trainings is 0 to 1440 minutes",
                source="pipelines.spec.Retrain",
                remedy="use such a number",
            )
        return value
