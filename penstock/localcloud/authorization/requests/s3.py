"""S3: buckets and objects with bucket policies, and the keys of SSE-KMS through the caller."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from penstock.localcloud.authorization.call import Access, Call, Holder, NotDerivedError
from penstock.localcloud.authorization.lookups import Encryption, Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.s3_actions import (
    OF_BUCKETS,
    OF_OBJECTS,
    OF_VERSIONS,
    SAME,
)

_KMS = ("aws:kms", "aws:kms:dsse")
_SSE = "x-amz-server-side-encryption"
# headers that are condition keys of the same name (Service Authorization Reference, Amazon S3)
_HEADER_KEYS = (
    _SSE,
    f"{_SSE}-aws-kms-key-id",
    f"{_SSE}-customer-algorithm",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-storage-class",
    "x-amz-content-sha256",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-write",
)
_QUERY_KEYS = {"prefix": "Prefix", "delimiter": "Delimiter", "max-keys": "MaxKeys"}
_NEEDS_DATA_KEY = frozenset({"PutObject", "CreateMultipartUpload", "CopyObject"})
_OF_PARTS = frozenset({"UploadPart", "UploadPartCopy"})


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its bucket or objects, and on the key of what it reads and writes."""
    operation = call.operation
    if operation in ("ListBuckets", "ListDirectoryBuckets"):
        return [Access("s3:ListAllMyBuckets", "*", _context(call))]
    bucket = call.text("Bucket")
    if not bucket:
        raise NotDerivedError(f"no bucket is known for s3:{operation}")
    if operation == "DeleteObjects":
        return _delete_objects(call, bucket)
    if operation not in OF_OBJECTS:
        return [_on_bucket(call, bucket, _bucket_action(operation))]
    key, version = call.text("Key"), call.text("VersionId")
    action = OF_OBJECTS[operation]
    found = [_on_object(call, bucket, key, OF_VERSIONS.get(action, action) if version else action)]
    found += _by_headers(call, bucket, key)
    if operation in ("CopyObject", "UploadPartCopy"):
        found += _source(call, lookups)
    if operation in ("GetObject", "HeadObject") and lookups.bucket_exists(bucket):
        if not lookups.object_exists(bucket, key, version):
            found.append(_listing_of(call, bucket, key))
        elif operation == "GetObject":
            found += _read_key(call, lookups, bucket, key, version)
    if operation in _NEEDS_DATA_KEY:
        found += _write_key(call, lookups, bucket, key)
    elif operation in _OF_PARTS:
        upload = lookups.upload_encryption(bucket, call.text("UploadId"))
        # S3 API reference, CreateMultipartUpload: kms:Decrypt on UploadPart and UploadPartCopy
        found += _key(call, lookups, "Decrypt", upload, bucket, key)
    return found


def _bucket_action(operation: str) -> str:
    if operation in SAME:
        return operation
    if operation not in OF_BUCKETS:
        raise NotDerivedError(f"no action of S3 is known for {operation}")
    return OF_BUCKETS[operation]


def _bucket(call: Call, name: str) -> str:
    return f"arn:{call.partition}:s3:::{name}"


def _on_bucket(call: Call, bucket: str, action: str) -> Access:
    arn = _bucket(call, bucket)
    return Access(f"s3:{action}", arn, _context(call), Holder("bucket", arn))


def _listing_of(call: Call, bucket: str, missing: str) -> Access:
    """A missing object is 404 for whoever may list it, and 403 for others.

    Source: S3 API reference, GetObject. The object's key is the check's s3:prefix, as others have
    seen (ceph/ceph pull request 68577, kopia/kopia pull request 3072).
    """
    listing = _on_bucket(call, bucket, "ListBucket")
    return replace(listing, context={**listing.context, "s3:prefix": (missing,)})


def _on_object(call: Call, bucket: str, key: str, action: str) -> Access:
    arn = _bucket(call, bucket)
    return Access(f"s3:{action}", f"{arn}/{key}", _context(call), Holder("bucket", arn))


def _context(call: Call) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {
        f"s3:{name}": (call.headers[name],) for name in _HEADER_KEYS if name in call.headers
    }
    if call.operation.startswith("List") or call.operation == "HeadBucket":
        for name, parameter in _QUERY_KEYS.items():
            if parameter in call.parameters:
                found[f"s3:{name}"] = (call.text(parameter),)
    if call.text("VersionId"):
        found["s3:VersionId"] = (call.text("VersionId"),)
    return found


def _by_headers(call: Call, bucket: str, key: str) -> list[Access]:
    """Tags and ACLs that come with a new object are actions of their own."""
    if call.operation not in _NEEDS_DATA_KEY:
        return []
    found = []
    if "x-amz-tagging" in call.headers:
        found.append(_on_object(call, bucket, key, "PutObjectTagging"))
    if "x-amz-acl" in call.headers:
        found.append(_on_object(call, bucket, key, "PutObjectAcl"))
    return found


def _delete_objects(call: Call, bucket: str) -> list[Access]:
    """One for each object, in their order: S3 decides each by itself."""
    listed = (call.parameters.get("Delete") or {}).get("Objects") or []
    return [
        _on_object(
            call,
            bucket,
            str(item["Key"]),
            "DeleteObjectVersion" if item.get("VersionId") else "DeleteObject",
        )
        for item in listed
    ]


def _source(call: Call, lookups: Lookups) -> list[Access]:
    path, _, query = call.headers.get("x-amz-copy-source", "").partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    action = "GetObjectVersion" if query else "GetObject"
    found = [_on_object(call, bucket, key, action)]
    if lookups.bucket_exists(bucket) and not lookups.object_exists(bucket, key, query):
        return [*found, _listing_of(call, bucket, key)]
    return [*found, *_read_key(call, lookups, bucket, key, query)]


def _read_key(call: Call, lookups: Lookups, bucket: str, key: str, version: str) -> list[Access]:
    stored = lookups.object_encryption(bucket, key, version)
    return _key(call, lookups, "Decrypt", stored, bucket, key)


def _write_key(call: Call, lookups: Lookups, bucket: str, key: str) -> list[Access]:
    default = lookups.bucket_encryption(bucket)
    algorithm = call.headers.get(_SSE, "")
    if algorithm:
        given = call.headers.get(f"{_SSE}-aws-kms-key-id", "")
        known = default.key if default is not None and default.algorithm == algorithm else ""
        on = call.headers.get(f"{_SSE}-bucket-key-enabled", "").lower() == "true"
        bucket_key = on or (default is not None and default.bucket_key)
        default = Encryption(algorithm, given or known, bucket_key)
    return _key(call, lookups, "GenerateDataKey", default, bucket, key)


def _key(
    call: Call,
    lookups: Lookups,
    operation: str,
    encryption: Encryption | None,
    bucket: str,
    key: str,
) -> list[Access]:
    if encryption is None or encryption.algorithm not in _KMS:
        return []
    # S3 user guide, "Using server-side encryption with AWS KMS keys": the object's ARN, with an S3
    # Bucket Key the bucket's
    bucket_arn = _bucket(call, bucket)
    arn = bucket_arn if encryption.bucket_key else f"{bucket_arn}/{key}"
    return key_access(
        operation,
        encryption.key,
        call,
        lookups,
        via="s3",
        encryption_context={"aws:s3:arn": arn},
    )
