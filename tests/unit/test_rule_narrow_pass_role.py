"""NarrowPassRole: roles that may be handed over are named, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.rules.narrow_pass_role import RULE
from tests.unit.ruled import Body, found, resource

ROLE = "arn:aws:iam::111122223333:role/training"


def role(**statement: Any) -> dict[str, Body]:
    policy = {"PolicyDocument": {"Statement": [{"Effect": "Allow", **statement}]}}
    return {"Role": resource("IAM::Role", Policies=[policy])}


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "iam:PassRole", "Resource": ROLE},
        {"Action": ["iam:PassRole"], "Resource": [{"Fn::GetAtt": ["Other", "Arn"]}]},
        {"Action": "iam:PassRole", "Resource": "*", "Effect": "Deny"},
        {"Action": "s3:*", "Resource": "*"},
        {"NotAction": "iam:*", "Resource": "*"},
    ],
)
def test_what_hands_over_named_roles_or_none_passes(statement: dict[str, Any]) -> None:
    assert not found(RULE, role(**statement))


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ({"Action": "iam:PassRole", "Resource": "*"}, "Resource"),
        ({"Action": ["iam:*"], "Resource": "arn:aws:iam::111122223333:role/*"}, "Resource"),
        ({"Action": "IAM:passrole", "Resource": [ROLE, "arn:aws:iam::*:role/a"]}, "Resource"),
        ({"NotAction": "s3:*", "Resource": "*"}, "Resource"),
        ({"Action": "*", "NotResource": ROLE}, "NotResource"),
    ],
)
def test_what_may_hand_over_roles_that_it_does_not_name_is_found(
    statement: dict[str, Any], place: str
) -> None:
    path = "Properties.Policies.0.PolicyDocument.Statement.0"
    assert list(found(RULE, role(**statement))) == [f"NarrowPassRole Role.{path}.{place}"]


@pytest.mark.parametrize("kind", ["IAM::Policy", "IAM::ManagedPolicy", "IAM::RolePolicy"])
def test_policies_beside_roles_are_read_too(kind: str) -> None:
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    policy = resource(kind, PolicyDocument={"Statement": statement})
    assert list(found(RULE, {"Policy": policy})) == [
        "NarrowPassRole Policy.Properties.PolicyDocument.Statement.0.Resource"
    ]
