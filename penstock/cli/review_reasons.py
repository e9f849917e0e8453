"""Why a pipeline's instance types were chosen, as a review shows it."""

from __future__ import annotations

from penstock.catalog import ec2_prices
from penstock.cli.plan_instances import Choice, choices
from penstock.review.given import Reasons
from pipelines.spec import Pipeline


def reasons_of(pipeline: Pipeline, *, region: str) -> Reasons:
    """The advisor's sentences on the training's and the endpoint's type, by use and type."""
    training, serving = choices(pipeline, region=region, families=None)
    prices = ec2_prices.prices()
    why = {
        (use, choice.instance_type): _sentences(choice)
        for choice, uses in (
            (training, ("training", "spot training")),
            (serving, ("endpoint",)),
        )
        for use in uses
    }
    # stacks/scored_model.py takes the endpoint's type for both batch transforms
    why["transform", serving.instance_type] = "the type of the endpoint"
    return Reasons(
        why,
        f"Prices in these reasons are EC2's on demand in {prices.region} of {prices.date}, not "
        "SageMaker's; nothing says how fast a type is. penstock plan has the other candidates.",
    )


def _sentences(choice: Choice) -> str:
    return " ".join(filter(None, (choice.comparison, choice.advice.reason)))
