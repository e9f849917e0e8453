"""Whether serving is switched off: what the scenario asks, and what it tells people to do."""

from __future__ import annotations

from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.switch import switched_off

NAME = "/penstock/digits/dev/serving"


class Parameters:
    def __init__(self, value: str) -> None:
        self.value = value

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        assert Name == NAME
        return {"Parameter": {"Value": self.value}}


def told(value: str, outputs: dict[str, str]) -> str | None:
    aws = Aws(client=lambda _service: Parameters(value), poll_seconds=0, patience_seconds=0)
    return switched_off(aws, Stage("digits", "dev", outputs))


def test_a_stage_that_has_no_switch_is_served() -> None:
    assert told("off", {}) is None


def test_a_switch_that_is_on_says_nothing() -> None:
    assert told("on", {"ServingParameterName": NAME}) is None


def test_a_switch_that_is_off_says_why_and_both_ways_to_turn_it_on() -> None:
    line = told("off", {"ServingParameterName": NAME})
    assert line is not None
    for part in ("digits-dev", NAME, "serving_switch.at_first", "ServingSwitchStateMachineArn"):
        assert part in line
    assert "\n" not in line
