"""Spare machines for training: cheaper, and taken back whenever somebody pays the full price."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from pipelines.spec.base import Spec, refusal


class Spot(Spec):
    """Managed spot training, which ends after `max_wait_minutes` of waiting and training together.

    With `checkpoints` those that the algorithm writes are kept below `checkpoints/<run>/` of the
    artifacts' bucket, and an interrupted job goes on from the last one. They are kept for a week,
    in a bucket that was there already for as long as its owner says.
    """

    max_wait_minutes: int
    checkpoints: bool

    @model_validator(mode="before")
    @classmethod
    def _check_complete(cls, data: Any) -> Any:
        """Neither has a default: what an interruption costs is for a person to decide."""
        why = {
            "max_wait_minutes": (
                "there is no limit of its own to how long a job waits for spare machines",
                "StoppingCondition.MaxWaitTimeInSeconds",
                "give the minutes of waiting and training together",
            ),
            "checkpoints": (
                "a job that is interrupted without checkpoints begins anew",
                "CheckpointConfig",
                "give True, or False where the algorithm writes none",
            ),
        }
        if isinstance(data, dict):
            for name, (rule, source, remedy) in why.items():
                if name not in data:
                    raise refusal(
                        data,
                        rule=f"{name} is missing: {rule}",
                        source=f"botocore 1.44.5 sagemaker model, {source}",
                        remedy=remedy,
                    )
        return data
