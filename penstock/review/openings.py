"""Ways in from everywhere that are no policy: addresses, networks, buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.policies import FUNCTION_URL
from penstock.review.values import Values

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_MAY_BE = "may become public"
_DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::Redshift::Cluster")


@dataclass(frozen=True)
class Opening:
    """A resource that anyone may reach, or that may be made so, and by what; `how` far it goes."""

    resource: Resource
    by: str
    how: str = "PUBLIC"


def openings(assembly: Assembly, values: Values) -> list[Opening]:
    """Every opening, in the order of the assembly."""
    return [
        opening
        for resource in assembly.resources.values()
        for opening in _of(resource, values.plain(values.stack_of(resource), resource.properties))
    ]


def _of(resource: Resource, properties: Mapping[str, Any]) -> Iterator[Opening]:
    if resource.type == FUNCTION_URL and properties.get("AuthType") == "NONE":
        yield Opening(resource, "an address that asks for no signature")
    elif resource.type == "AWS::S3::Bucket":
        yield from _bucket(resource, properties)
    elif resource.type == "AWS::EC2::SecurityGroup":
        for rule in as_list(properties.get("SecurityGroupIngress")):
            yield from _ingress(resource, rule)
    elif resource.type == "AWS::EC2::SecurityGroupIngress":
        yield from _ingress(resource, properties)
    elif resource.type == "AWS::SageMaker::NotebookInstance":
        # botocore 1.44.5 sagemaker model: enabled where nothing is said
        if properties.get("DirectInternetAccess", "Enabled") != "Disabled":
            yield Opening(resource, "DirectInternetAccess", "reaches the internet")
    elif resource.type in _DATABASES and _is_true(properties.get("PubliclyAccessible")):
        yield Opening(resource, "PubliclyAccessible", _MAY_BE)
    elif resource.type == "AWS::ApiGateway::Method":
        is_open = properties.get("AuthorizationType", "NONE") == "NONE"
        if is_open and properties.get("HttpMethod") != "OPTIONS":
            yield Opening(resource, "a method that asks for no authorization")


def _bucket(bucket: Resource, properties: Mapping[str, Any]) -> Iterator[Opening]:
    granted = str(properties.get("AccessControl", ""))
    if granted.startswith("Public"):
        yield Opening(bucket, f"access control {granted}")
    blocked = properties.get("PublicAccessBlockConfiguration") or {}
    for name, on in blocked.items():
        if str(on).lower() == "false":
            yield Opening(bucket, f"{name} is off", _MAY_BE)


def _ingress(group: Resource, rule: Mapping[str, Any]) -> Iterator[Opening]:
    source = str(rule.get("CidrIp", rule.get("CidrIpv6", "")))
    if source in _EVERYWHERE:
        low, high = rule.get("FromPort"), rule.get("ToPort")
        ports = "all ports" if low in (None, -1) else f"port {low}"
        if low not in (None, -1) and high != low:
            ports = f"ports {low} to {high}"
        yield Opening(group, f"{ports} from {source}")


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
