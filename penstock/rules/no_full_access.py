"""NoFullAccess: no role has one of AWS's managed policies that allow all of a service."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Templates
from penstock.rules.text import text

_HOLDERS = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_WIDER_STILL = ("AdministratorAccess", "PowerUserAccess")


def _check(templates: Templates) -> Iterator[Breach]:
    for resource in templates.resources(*_HOLDERS):
        for number, arn in enumerate(resource.properties.get("ManagedPolicyArns", ())):
            name = text(arn).rpartition("/")[2]
            if name.endswith("FullAccess") or name in _WIDER_STILL:
                yield Breach(
                    resource,
                    f"Properties.ManagedPolicyArns.{number}",
                    what=f"it has {name}",
                    remedy="name the actions and resources in a policy of its own",
                    part=name,
                )


RULE = Rule(
    name="NoFullAccess",
    reason="AWS's FullAccess policies reach data, roles and endpoints of every other pipeline",
    source="IAM user guide, security best practices: apply least-privilege permissions",
    check=_check,
)
