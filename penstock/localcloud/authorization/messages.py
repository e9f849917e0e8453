"""How AWS words a denial.

Source: IAM user guide, "Troubleshoot access denied error messages". The codes are those of the
services' API references; where a service names none, AccessDeniedException (JSON) and AccessDenied
(query and XML) are used, which AWS documents as common errors.
"""

from __future__ import annotations

from penstock.localcloud.authorization.decision import Decision

_CODES = {
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "iam": "AccessDenied",
    "sts": "AccessDenied",
    "cloudformation": "AccessDenied",
    "cloudwatch": "AccessDenied",
}


def error_code(service: str) -> str:
    """The error code with which a service (botocore's name) refuses a caller."""
    return _CODES.get(service, "AccessDeniedException")


def message(decision: Decision) -> str:
    """User: ARN is not authorized to perform: ACTION on resource: ARN because ..."""
    if decision.says:
        return decision.says
    request = decision.request
    caller = request.principal.arn
    text = f"User: {caller} is not authorized to perform: {request.action}"
    if request.resource != "*":
        quote = '"' if request.action.startswith("s3:") else ""
        text += f" on resource: {quote}{request.resource}{quote}"
    return f"{text} {_because(decision)}"


def _because(decision: Decision) -> str:
    kind = _policy_kind(decision)
    if decision.kind == "explicit deny":
        return f"with an explicit deny in {'an' if kind[0] == 'i' else 'a'} {_named(kind)}"
    if decision.kind == "not understood":
        return f"(the local cloud does not understand it: {decision.reason})"
    return f"because no {_named(kind)} allows the {decision.request.action} action"


def _named(kind: str) -> str:
    return kind if kind == "permissions boundary" else f"{kind} policy"


def _policy_kind(decision: Decision) -> str:
    if decision.statement is not None:
        name = decision.statement.origin.policy
    else:
        name = decision.remedy.policy if decision.remedy is not None else ""
    for kind in ("permissions boundary", "session"):
        if name.startswith(kind):
            return kind
    if name.startswith(("policy of", "role ", "user ", "group ", "managed policy ")):
        return "identity-based"
    return "resource-based"
