"""InsideVpc: once a deployment has a network of its own, whatever touches data runs in it."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.requests import Kind, requests
from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Templates

SETTINGS: dict[Kind, str] = {
    "training": "VpcConfig",
    "model": "VpcConfig",
    "processing": "NetworkConfig.VpcConfig",
    "monitoring": "NetworkConfig.VpcConfig",
    "automl": "SecurityConfig.VpcConfig",
}
_RESOURCES = {"AWS::Lambda::Function": "VpcConfig", "AWS::Glue::Job": "Connections"}
_NETWORK = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::VPCEndpoint",
)


def _check(templates: Templates) -> Iterator[Breach]:
    """A network that was there before shows by those that are in it."""
    has_network = any(True for _ in templates.resources(*_NETWORK))
    outside: list[Breach] = []
    for request in requests(templates, *SETTINGS):
        name = SETTINGS[request.kind]
        if request.setting(name):
            has_network = True
        else:
            what = f"the {request.kind} request names no subnets and security groups"
            outside.append(request.breach(name, what, f"give {name}"))
    for resource in templates.resources(*_RESOURCES):
        name = _RESOURCES[resource.type]
        if resource.properties.get(name):
            has_network = True
        else:
            what = "it runs outside the VPC that the deployment has"
            outside.append(Breach(resource, f"Properties.{name}", what, f"give {name}"))
    if has_network:
        yield from outside


RULE = Rule(
    name="InsideVpc",
    reason="the VPC's endpoint policies and flow logs do not reach what runs outside it",
    source="SageMaker developer guide, give SageMaker access to resources in your Amazon VPC",
    check=_check,
)
