"""NetworkIsolation: a container that has its data needs no network."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.requests import Kind
from penstock.rules.rule import Breach, Rule
from penstock.rules.switches import switched_off
from penstock.rules.templates import Templates

SWITCHES: dict[Kind, str] = {
    "training": "EnableNetworkIsolation",
    "model": "EnableNetworkIsolation",
    "processing": "NetworkConfig.EnableNetworkIsolation",
    "monitoring": "NetworkConfig.EnableNetworkIsolation",
}


def _check(templates: Templates) -> Iterator[Breach]:
    return switched_off(templates, SWITCHES)


# A batch transform has no switch of its own: its model's holds. The guide names two containers
# that need S3 themselves, Chainer and Reinforcement Learning: acknowledge those.
RULE = Rule(
    name="NetworkIsolation",
    reason="the container could send the data that it is given anywhere",
    source="SageMaker developer guide, run containers in internet-free mode",
    check=_check,
)
