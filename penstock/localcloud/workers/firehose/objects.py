"""Writes objects to a destination's bucket, as its role, under its evaluated prefix.

Object names: Amazon Data Firehose developer guide, "Amazon S3 object name format". That the time
in the name is the one of the prefix, in UTC, is unconfirmed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.workers.firehose.compression import compress
from penstock.localcloud.workers.firehose.settings import StreamSettings, Target


@dataclass
class S3Object:
    """An object to be written: where to, its bytes, and what becomes of the account then."""

    target: Target
    key: str
    body: bytes
    records: int
    counts_as: str  # the account's field: delivered, failed_transform, failed_conversion, backup
    first_tried: datetime | None = None
    tries: int = 0
    metrics: dict[str, float] = field(default_factory=dict)


def object_name(settings: StreamSettings, instant: datetime) -> str:
    """`<stream>-<version>-YYYY-MM-dd-HH-MM-SS-<uuid>`."""
    stamp = instant.astimezone(UTC).strftime("%Y-%m-%d-%H-%M-%S")
    return f"{settings.name}-{settings.version}-{stamp}-{uuid.uuid4()}"


def data_object(
    settings: StreamSettings,
    target: Target,
    *,
    body: bytes,
    arrival: datetime,
    records: int,
    keys: Mapping[str, str],
    counts_as: str = "delivered",
) -> S3Object:
    """The object of a batch whose oldest record came at `arrival`."""
    name = object_name(settings, arrival)
    prefix = target.prefix.evaluate(arrival.astimezone(target.time_zone), keys=keys)
    return S3Object(
        target=target,
        key=f"{prefix}{name}{target.extension}",
        body=compress(body, target.compression, name),
        records=records,
        counts_as=counts_as,
    )


def error_object(
    settings: StreamSettings,
    *,
    error_type: str,
    body: bytes,
    arrival: datetime,
    records: int,
    counts_as: str,
) -> S3Object:
    """The object of failed records. That it is never compressed is unconfirmed."""
    target = settings.target
    prefix = target.error_prefix.evaluate(
        arrival.astimezone(target.time_zone), error_type=error_type
    )
    return S3Object(target, prefix + object_name(settings, arrival), body, records, counts_as)


def put(s3: Any, item: S3Object) -> None:
    """Write the object. Raises what the client raises."""
    options: dict[str, str] = {}
    if item.target.kms_key_arn:
        options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": item.target.kms_key_arn}
    s3.put_object(Bucket=item.target.bucket, Key=item.key, Body=item.body, **options)
