"""Why a pipeline's instance types were chosen, as a review shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.catalog import ec2_prices
from penstock.cli.plan_instances import Choice, choices
from penstock.review.given import Reasons

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

_COMPILATION = (
    "the model is compiled, and its answers checked, on cores of the kind that the endpoint has."
)
_PLAIN = "a CPU type: a new model and the served one are compared by their plain weights."


def reasons_of(pipeline: Pipeline, *, region: str) -> Reasons:
    """The advisor's sentences on the types of the training and of the endpoint's variants."""
    prices = ec2_prices.prices()
    # the review's words
    is_spot = pipeline.training.spot is not None
    uses = {"training": "spot training" if is_spot else "training", "serving": "endpoint"}
    why: dict[tuple[str, str], str] = {}
    for choice in choices(pipeline, region=region, families=None):
        # a further variant of the same type has the first one's reason
        why.setdefault((uses[choice.use], choice.instance_type), _sentences(choice))
    compilation = pipeline.compilation
    if compilation is not None:
        compiles = "training", compilation.instance_type
        why[compiles] = f"{why[compiles]} {_COMPILATION}" if compiles in why else _COMPILATION
    compares = pipeline.comparison_instance_type
    # stacks/scored_model.py takes one type for all batch transforms
    why["transform", compares] = (
        "the type of the endpoint" if compares == pipeline.serving.instance_type else _PLAIN
    )
    return Reasons(
        why,
        f"Prices in these reasons are EC2's on demand in {prices.region} of {prices.date}, not "
        "SageMaker's; nothing says how fast a type is. penstock plan has the other candidates.",
    )


def _sentences(choice: Choice) -> str:
    return " ".join(filter(None, (choice.comparison, choice.advice.reason)))
