"""S3: a bucket policy's statement applies only when its condition does."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3.models import FakeBucket

from penstock.localcloud.shims.patches import Patches

# The loopback stands for AWS's HTTPS endpoints: on AWS no client of ours speaks plain HTTP.
_REQUEST = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def install(patches: Patches) -> None:
    """moto 5.2.5 ignores conditions here, so a TLS-only policy would deny every request."""

    def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        statements = json.loads(self.policy.decode())["Statement"]
        if isinstance(statements, dict):
            statements = [statements]
        return permission(statements, action, resource)

    patches.replace(FakeBucket, "get_permission", get_permission)


def permission(statements: list[dict[str, Any]], action: str, resource: str) -> PermissionResult:
    """What the statements say about anybody's request: an explicit denial wins.

    A condition that is not understood lets a denial stand and an allowance fall. Source: IAM user
    guide, "Policy evaluation logic".
    """
    results = set()
    for statement in statements:
        denies = statement["Effect"] == "Deny"
        condition = statement.get("Condition", {})
        if not _met(condition, otherwise=denies):
            continue
        bare = {key: value for key, value in statement.items() if key != "Condition"}
        results.add(IAMPolicyStatement(bare).is_action_permitted(action, resource))
    for verdict in (PermissionResult.DENIED, PermissionResult.PERMITTED):
        if verdict in results:
            return verdict
    return PermissionResult.NEUTRAL


def _met(condition: dict[str, dict[str, Any]], *, otherwise: bool) -> bool:
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            if operator == "Bool" and key in _REQUEST:
                met = _REQUEST[key] in [str(value).lower() for value in values]
            elif operator == "NumericLessThan" and key in _REQUEST:
                met = any(float(_REQUEST[key]) < float(value) for value in values)
            else:
                return otherwise
            if not met:
                return False
    return True
