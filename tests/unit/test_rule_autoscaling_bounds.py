"""AutoscalingBounds: the floor is not above the ceiling, and something moves between them."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.rules.autoscaling_bounds import RULE
from tests.unit.ruled import Body, found, resource

VARIANT = "sagemaker:variant:DesiredInstanceCount"
COMPONENT = "sagemaker:inference-component:DesiredCopyCount"
POLICY = {
    "Policy": resource("ApplicationAutoScaling::ScalingPolicy", ScalingTargetId={"Ref": "Target"})
}


def target(low: Any, high: Any, dimension: str = VARIANT) -> dict[str, Body]:
    return {
        "Target": resource(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="sagemaker",
            ScalableDimension=dimension,
            ResourceId="endpoint/digits-dev/variant/main",
            MinCapacity=low,
            MaxCapacity=high,
        )
    }


def managed(low: int, high: int) -> dict[str, Body]:
    scaling = {"Status": "ENABLED", "MinInstanceCount": low, "MaxInstanceCount": high}
    variants = [{"ManagedInstanceScaling": scaling}, {"InitialInstanceCount": 1}]
    return {"Config": resource("SageMaker::EndpointConfig", ProductionVariants=variants)}


def test_sensible_bounds_with_a_policy_pass() -> None:
    assert not found(RULE, {**target(1, 4), **POLICY})
    assert not found(RULE, {**target(0, 4, COMPONENT), **POLICY})
    assert not found(RULE, managed(0, 2))


def test_an_asynchronous_endpoint_may_go_down_to_nothing() -> None:
    config = resource("SageMaker::EndpointConfig", AsyncInferenceConfig={"OutputConfig": {}})
    assert not found(RULE, {**target(0, 4), **POLICY, "Config": config})


@pytest.mark.parametrize("bounds", [(0, 4), (5, 4), (1, None), ({"Ref": "Least"}, 4)])
def test_other_bounds_are_found(bounds: tuple[Any, Any]) -> None:
    assert list(found(RULE, {**target(*bounds), **POLICY})) == [
        "AutoscalingBounds Target.Properties.MinCapacity"
    ]


def test_bounds_that_nothing_moves_between_are_found() -> None:
    assert list(found(RULE, target(1, 4))) == ["AutoscalingBounds Target.Properties.ResourceId"]


def test_a_policy_may_name_what_it_scales() -> None:
    policy = resource(
        "ApplicationAutoScaling::ScalingPolicy", ResourceId="endpoint/digits-dev/variant/main"
    )
    assert not found(RULE, {**target(1, 4), "Policy": policy})


def test_bounds_of_managed_scaling_are_read_in_the_variant() -> None:
    assert list(found(RULE, managed(3, 2))) == [
        "AutoscalingBounds Config.Properties.ProductionVariants.0.ManagedInstanceScaling"
    ]


def test_what_scales_something_else_is_not_looked_at() -> None:
    other = target(9, 1)["Target"]
    other["Properties"]["ServiceNamespace"] = "dynamodb"
    assert not found(RULE, {"Target": other})
