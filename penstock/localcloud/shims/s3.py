"""S3: what was deleted is in no listing, nor its folder."""

from __future__ import annotations

import copy
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.s3_settings import install_settings

_JAVA_SDK = "aws-sdk-java/1."
_KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def install(patches: Patches) -> None:
    """Mend what moto 5.2.5 does otherwise.

    It judges by bucket policies without their conditions, where whoever is refused does not get
    here: see `shims/authorization.py`. In a versioned bucket it lists the common prefix of objects
    that are deleted (S3 user guide, "Working with delete markers": a listing shows no object whose
    newest version is a marker).

    The Java SDK, version 1, refuses to name a KMS key over plain HTTP, and Hadoop's S3A renames by
    copying with the key that the object has: Spark could not write into an encrypted bucket. That
    SDK alone is therefore not told the key.
    """

    def get_permission(_self: Any, _action: str, _resource: str) -> PermissionResult:
        return PermissionResult.NEUTRAL

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
    install_settings(patches)
    listed = patches.replace(S3Backend, "list_objects", list_objects)
