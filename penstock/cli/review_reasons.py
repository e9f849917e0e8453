"""Why a pipeline's instance types were chosen, as a review shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.catalog import ec2_prices
from penstock.cli.plan_instances import Choice, choices
from penstock.review.given import Reasons

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

_USES = {"training": ("training", "spot training"), "serving": ("endpoint",)}  # the review's words


def reasons_of(pipeline: Pipeline, *, region: str) -> Reasons:
    """The advisor's sentences on the types of the training and of the endpoint's variants."""
    prices = ec2_prices.prices()
    why: dict[tuple[str, str], str] = {}
    for choice in choices(pipeline, region=region, families=None):
        for use in _USES[choice.use]:
            # a further variant of the same type has the first one's reason
            why.setdefault((use, choice.instance_type), _sentences(choice))
    # stacks/scored_model.py takes the endpoint's type for all batch transforms
    why["transform", pipeline.serving.instance_type] = "the type of the endpoint"
    return Reasons(
        why,
        f"Prices in these reasons are EC2's on demand in {prices.region} of {prices.date}, not "
        "SageMaker's; nothing says how fast a type is. penstock plan has the other candidates.",
    )


def _sentences(choice: Choice) -> str:
    return " ".join(filter(None, (choice.comparison, choice.advice.reason)))
