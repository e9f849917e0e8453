"""What a pipeline's machines are for: the jobs of a training and the endpoint, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from penstock.planner.plan import Plan
from penstock.planner.quantities import TRANSFORM_HOURS

Role = Literal["training", "compilation", "serving", "transform"]


@dataclass(frozen=True)
class Use:
    """Machines of one type for one thing.

    `hours` is the longest that a run of it takes, None of what nothing ends. `quantity` is its name
    among a month's quantities, `quota` its key in the catalog of quotas.
    """

    role: Role
    instance_type: str
    count: int
    hours: float | None
    quantity: str
    quota: str
    is_spot: bool = False


def uses(plan: Plan) -> Iterator[Use]:
    """Those of a plan; a serverless endpoint has none, and no further variant is among them."""
    pipeline = plan.pipeline
    training, serving, compilation = pipeline.training, pipeline.serving, pipeline.compilation
    spot = training.spot is not None
    yield Use(
        "training",
        training.instance_type,
        plan.training_machines,
        training.max_runtime_minutes / 60,
        "training.instance_hours",
        "sagemaker.spot_training" if spot else "sagemaker.training",
        is_spot=spot,
    )
    if compilation is not None:
        yield Use(
            "compilation",
            compilation.instance_type,
            1,
            compilation.max_runtime_minutes / 60,
            "compilation.instance_hours",
            "sagemaker.training",
        )
    if pipeline.gate.beats_serving or pipeline.scoring is not None:
        yield Use(
            "transform",
            pipeline.comparison_instance_type,
            1,
            TRANSFORM_HOURS,
            "transform_job.instance_hours",
            "sagemaker.transform",
        )
    if serving.serverless is None:
        yield Use(
            "serving",
            serving.instance_type,
            max(serving.instance_count, plan.endpoint_instances),
            None,
            "endpoint.instance_hours",
            "sagemaker.endpoint",
        )
