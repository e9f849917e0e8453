"""AutoscalingBounds: what grows by itself has a floor and a ceiling that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.rules.requests import requests
from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

_MANAGED = "ManagedInstanceScaling"


def _check(templates: Templates) -> Iterator[Breach]:
    for target in templates.resources("AWS::ApplicationAutoScaling::ScalableTarget"):
        properties = target.properties
        if properties.get("ServiceNamespace") != "sagemaker":
            continue
        low, high = properties.get("MinCapacity"), properties.get("MaxCapacity")
        wrong = _wrong(low, high, floor=0 if _may_be_empty(target, templates) else 1)
        if wrong is not None:
            yield Breach(target, "Properties.MinCapacity", wrong, "use 1 <= minimum <= maximum")
        if not _has_policy(target, templates):
            what = "no scaling policy moves it between its bounds"
            yield Breach(target, "Properties.ResourceId", what, "add a scaling policy for it")
    for request in requests(templates, "endpoint configuration"):
        for number, variant in enumerate(request.values.get("ProductionVariants", ())):
            scaling = variant.get(_MANAGED, {})
            if scaling.get("Status") == "ENABLED":
                wrong = _wrong(
                    scaling.get("MinInstanceCount"), scaling.get("MaxInstanceCount"), floor=0
                )
                if wrong is not None:
                    name = f"ProductionVariants.{number}.{_MANAGED}"
                    yield request.breach(name, wrong, "use minimum <= maximum")


def _wrong(low: Any, high: Any, *, floor: int) -> str | None:
    """What is wrong with two bounds, which a template has as numbers or as text."""
    try:
        lowest, highest = int(low), int(high)
    except (TypeError, ValueError):
        return f"the bounds {low} and {high} are not both numbers"
    if floor <= lowest <= highest and highest >= 1:
        return None
    return f"the bounds are {lowest} and {highest}, and {floor} is the least"


def _may_be_empty(target: Resource, templates: Templates) -> bool:
    """Inference components and asynchronous endpoints may go down to nothing."""
    if "inference-component" in text(target.properties.get("ScalableDimension", "")):
        return True
    configs = requests(templates, "endpoint configuration")
    return any("AsyncInferenceConfig" in config.values for config in configs)


def _has_policy(target: Resource, templates: Templates) -> bool:
    for policy in templates.resources("AWS::ApplicationAutoScaling::ScalingPolicy"):
        by_reference = templates.target(
            policy.template,
            policy.properties.get("ScalingTargetId"),
        )
        if by_reference is target or (
            "ResourceId" in policy.properties
            and text(policy.properties["ResourceId"]) == text(target.properties["ResourceId"])
        ):
            return True
    return False


RULE = Rule(
    name="AutoscalingBounds",
    reason="the ceiling is the largest bill, the floor what answers while it grows",
    source="SageMaker developer guide, automatic scaling of models; scale an endpoint to zero",
    check=_check,
)
