"""S3: conditions of bucket policies count; what was deleted is in no listing, nor its folder."""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from penstock.localcloud.shims.patches import Patches

# The loopback stands for AWS's HTTPS endpoints: on AWS no client of ours speaks plain HTTP.
_REQUEST = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
_JAVA_SDK = "aws-sdk-java/1."
_KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def install(patches: Patches) -> None:
    """Mend what moto 5.2.5 does otherwise.

    It ignores conditions of bucket policies, so a TLS-only policy would deny every request. In a
    versioned bucket it lists the common prefix of objects that are deleted (S3 user guide,
    "Working with delete markers": a listing shows no object whose newest version is a marker).

    The Java SDK, version 1, refuses to name a KMS key over plain HTTP, and Hadoop's S3A renames by
    copying with the key that the object has: Spark could not write into an encrypted bucket. That
    SDK alone is therefore not told the key.
    """

    def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        statements = json.loads(self.policy.decode())["Statement"]
        if isinstance(statements, dict):
            statements = [statements]
        return permission(statements, action, resource)

    def list_objects(self: Any, bucket: FakeBucket, *arguments: Any, **named: Any) -> Any:
        there = copy.copy(bucket)
        there.keys = {
            name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)
        }
        return listed(self, there, *arguments, **named)

    def head_object(self: Any, *arguments: Any, headers: Any, **named: Any) -> Any:
        status, answer, body = headed(self, *arguments, headers=headers, **named)
        if _JAVA_SDK in headers.get("User-Agent", ""):
            answer.pop(_KMS_KEY, None)
        return status, answer, body

    patches.replace(FakeBucket, "get_permission", get_permission)
    headed = patches.replace(S3Response, "head_object", head_object)
    listed = patches.replace(S3Backend, "list_objects", list_objects)


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
