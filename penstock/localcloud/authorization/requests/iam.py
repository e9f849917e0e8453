"""IAM: roles, policies, users and groups by name, with their paths."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context

_WITHOUT = frozenset(
    [
        "CreateAccountAlias",
        "GenerateCredentialReport",
        "GetAccountAuthorizationDetails",
        "GetAccountPasswordPolicy",
        "GetAccountSummary",
        "GetCredentialReport",
        "ListAccountAliases",
        "ListGroups",
        "ListInstanceProfiles",
        "ListOpenIDConnectProviders",
        "ListPolicies",
        "ListRoles",
        "ListSAMLProviders",
        "ListServerCertificates",
        "ListUsers",
        "ListVirtualMFADevices",
    ]
)
_NAMED = {
    "RoleName": "role",
    "UserName": "user",
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "PolicyName": "policy",
}


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its role, user, group or policy."""
    action = f"iam:{call.operation}"
    context = dict(tag_context(call))
    if call.operation in _WITHOUT:
        return [Access(action, "*")]
    if call.text("PermissionsBoundary"):
        context["iam:PermissionsBoundary"] = (call.text("PermissionsBoundary"),)
    attaching = call.operation.startswith(("Attach", "Detach"))
    if attaching:
        context["iam:PolicyARN"] = (call.text("PolicyArn"),)
    return [Access(action, _resource(call, lookups, attaching=attaching), context)]


def _resource(call: Call, lookups: Lookups, *, attaching: bool) -> str:
    if call.text("PolicyArn") and not attaching:
        return call.text("PolicyArn")
    for name, kind in _NAMED.items():
        value = call.text(name)
        if not value:
            continue
        if kind == "role" and not call.operation.startswith("Create"):
            return lookups.role_arn(value)
        path = call.text("Path") or "/"
        return f"arn:{call.partition}:iam::{call.account_id}:{kind}{path}{value}"
    if "User" in call.operation or "AccessKey" in call.operation:
        return f"arn:{call.partition}:iam::{call.account_id}:user/*"
    raise NotDerivedError(f"no resource is known for {call.operation}")
