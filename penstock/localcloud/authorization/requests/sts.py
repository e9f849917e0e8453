"""STS: AssumeRole, which the role's trust policy decides."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context

# allowed whatever the policies say (STS API reference, GetCallerIdentity, GetSessionToken)
_FREE = frozenset({"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo"})


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """AssumeRole on the role, with sts:ExternalId and sts:RoleSessionName."""
    if call.operation in _FREE:
        return []
    role = call.text("RoleArn")
    if not role:
        return [Access(f"sts:{call.operation}", "*", tag_context(call))]
    context = {**tag_context(call), "sts:RoleSessionName": (call.text("RoleSessionName"),)}
    if call.text("ExternalId"):
        context["sts:ExternalId"] = (call.text("ExternalId"),)
    return [Access(f"sts:{call.operation}", role, context, Holder("role", role))]
