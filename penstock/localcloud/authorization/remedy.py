"""Why nothing allows a request, and the statement that would."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.authorization.decision import Remedy
from penstock.localcloud.authorization.request import Request

# keys that a statement for this action should hold on to, if the request has them
_NARROWING = (
    "iam:PassedToService",
    "kms:ViaService",
    "kms:GrantIsForAWSResource",
    "cloudwatch:namespace",
)
_OF_SERVICES = ("aws:SourceArn", "aws:SourceAccount")


def missing(
    request: Request, *, own_policy: str | None, own_must: bool, limit: str
) -> tuple[str, Remedy]:
    """The reason in words and what would change it.

    `own_policy` names the resource's policy ("key policy"), None if it has none; `own_must` says
    that it is the one that does not allow; `limit` names what limits the caller and does not.
    """
    if request.principal.kind == "service":
        name = own_policy or "resource policy"
        reason = f"no statement of the {name} lets the service do it"
        return reason, Remedy(name, _named(request, {"Service": request.principal.arn}))
    if limit:
        return f"no statement of the {limit} allows it", Remedy(limit, _statement(request))
    if own_must and own_policy:
        caller = request.principal.role_arn or request.principal.arn
        reason = f"the {own_policy} allows it neither to the caller nor to the account"
        return reason, Remedy(own_policy, _named(request, {"AWS": caller}))
    reason = "no statement of its policies allows it"
    if own_policy:
        reason = f"no statement of its policies or of the {own_policy} allows it"
    return reason, Remedy(f"policy of {request.principal.label}", _statement(request))


def _statement(request: Request) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": request.action,
        "Resource": request.resource,
        **_condition(request, _NARROWING),
    }


def _named(request: Request, principal: dict[str, str]) -> dict[str, Any]:
    """For a policy of the resource."""
    found: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": request.action}
    if not request.action.startswith("sts:"):  # a trust policy has no Resource
        found["Resource"] = "*" if request.action.startswith("kms:") else request.resource
    if "Service" in principal:
        found |= _condition(request, _OF_SERVICES)
    return found


def _condition(request: Request, keys: tuple[str, ...]) -> dict[str, Any]:
    for key in keys:
        values = request.values.get(key.lower(), ())
        if len(values) == 1:
            by = "ArnEquals" if key == "aws:SourceArn" else "StringEquals"
            return {"Condition": {by: {key: values[0]}}}
    return {}
