"""TrafficEncryption: what the machines of one job tell each other is encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.requests import Kind
from penstock.rules.rule import Breach, Rule
from penstock.rules.switches import switched_off
from penstock.rules.templates import Templates

# models and batch transforms have no such switch: their machines do not talk to each other
SWITCHES: dict[Kind, str] = {
    "training": "EnableInterContainerTrafficEncryption",
    "processing": "NetworkConfig.EnableInterContainerTrafficEncryption",
    "monitoring": "NetworkConfig.EnableInterContainerTrafficEncryption",
    "automl": "SecurityConfig.EnableInterContainerTrafficEncryption",
}


def _check(templates: Templates) -> Iterator[Breach]:
    return switched_off(templates, SWITCHES)


RULE = Rule(
    name="TrafficEncryption",
    reason="machines of one job exchange weights and rows; on a single one it changes nothing",
    source="SageMaker developer guide, protect communications between ML compute instances",
    check=_check,
)
