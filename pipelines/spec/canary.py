"""A careful change of the model behind the endpoint: first a part of the traffic, then all."""

from __future__ import annotations

from typing import Annotated

from pydantic import field_validator

from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, refusal, within


class Canary(Spec):
    """A new model answers `percentage` of the requests for `bake_minutes`, then all of them.

    For as long again the old machines stay. If the endpoint answers `rollback_at_errors` requests
    of one minute with an error of its own, old or new, all traffic goes back to the old model.
    A model that answers with errors already is not replaced that way: its own errors end the change
    (SageMaker developer guide, auto-rollback configuration). Both fleets run, and are paid for,
    until the change is done.
    """

    percentage: Annotated[int, within("sagemaker.canary_percent")]
    bake_minutes: int
    rollback_at_errors: int = 1

    @field_validator("bake_minutes")
    @classmethod
    def _check_bake(cls, value: int) -> int:
        bound = limit("sagemaker.guardrail_wait_seconds")
        if value < 1 or not bound.allows(value * 60):
            raise refusal(
                value,
                rule="in no time nobody would look at the alarm" if value < 1 else bound.rule,
                source=bound.citation,
                remedy="use 1 to 60",
            )
        return value

    @field_validator("rollback_at_errors")
    @classmethod
    def _check_errors(cls, value: int) -> int:
        if value < 1:
            raise refusal(
                value,
                rule="with 0 errors there is nothing to go back for",
                source="pipelines.spec.Canary",
                remedy="use 1 or more",
            )
        return value
