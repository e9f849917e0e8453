"""Buckets that are there already, for a pipeline to use instead of its own."""

from __future__ import annotations

import re
from typing import Annotated

from pipelines.spec.base import Spec, matching

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

BucketName = Annotated[
    str,
    matching(
        "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens",
        lambda value: _NAME.fullmatch(value) is not None,
        "S3 user guide, bucket naming rules",
    ),
]


class Buckets(Spec):
    """None is a bucket of the pipeline's own.

    Encryption, versions, lifecycle and policy of a given bucket are its owner's: nothing in it
    expires by the pipeline, and the one for access logs must let S3's log delivery in.
    """

    lake: BucketName | None = None
    artifacts: BucketName | None = None
    access_logs: BucketName | None = None
