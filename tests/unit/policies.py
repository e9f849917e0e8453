"""Roles, requests and policies that the tests of authorization ask about."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.evaluator import Policies, decide
from penstock.localcloud.authorization.policy import PolicyDocument, Statement
from penstock.localcloud.authorization.request import Principal, Request

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Worker/now"
WORKER = Principal.session(ROLE, "now")
BUCKET = "arn:aws:s3:::lake"
OBJECT = "arn:aws:s3:::lake/records/one"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"


def statements(*written: dict[str, Any], where: str = "role Worker") -> tuple[Statement, ...]:
    """Of one policy with variables."""
    return PolicyDocument.parse({"Version": "2012-10-17", "Statement": list(written)}, where)


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement as written in a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement as written in a policy."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def asked(
    action: str,
    resource: str = "*",
    *,
    principal: Principal = WORKER,
    identity: tuple[dict[str, Any], ...] = (),
    boundary: tuple[dict[str, Any], ...] | None = None,
    session: tuple[dict[str, Any], ...] | None = None,
    own: tuple[dict[str, Any], ...] | None = None,
    kind: str = "",
    **context: tuple[str, ...],
) -> Decision:
    """The verdict; `own` is the resource's policy, and __ stands for : in a context key."""
    return decide(
        Request(
            principal,
            action,
            resource,
            {key.replace("__", ":"): values for key, values in context.items()},
        ),
        Policies(
            identity=statements(*identity),
            boundary=None if boundary is None else statements(*boundary, where="boundary"),
            resource=None if own is None else statements(*own, where=f"{kind} policy of it"),
            resource_kind=kind,
            session=None if session is None else statements(*session, where="session policy"),
        ),
    )
