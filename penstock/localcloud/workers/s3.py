"""S3 addresses as SageMaker's requests give them, and how often a service asks for an object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

# how often SageMaker and Glue themselves try is unconfirmed: boto3's default
S3_ATTEMPTS = 5


@dataclass(frozen=True)
class S3Address:
    """A bucket and a key or prefix; `size` in bytes is what a listing said of an object."""

    bucket: str
    key: str
    size: int | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, uri: str) -> S3Address:
        """`s3://bucket/key`, or the https form of it; ValueError for anything else."""
        parts = urlparse(uri)
        host = parts.netloc.split(".")
        if parts.scheme == "s3" and parts.netloc:
            return cls(parts.netloc, parts.path.removeprefix("/"))
        if parts.scheme == "https" and len(host) > 2 and host[0].startswith("s3"):
            bucket, _, key = parts.path.removeprefix("/").partition("/")
            return cls(bucket, key)
        if parts.scheme == "https" and ".s3" in parts.netloc:
            return cls(parts.netloc.split(".s3", 1)[0], parts.path.removeprefix("/"))
        raise ValueError(f"{uri!r} is not an S3 address: use s3://bucket/key")

    def objects(self, s3: Any) -> Iterator[S3Address]:
        """Everything whose key starts with this one, in key order, without folder markers."""
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.key)
        for page in pages:
            for found in page.get("Contents", []):
                if not (found["Key"].endswith("/") and found["Size"] == 0):
                    yield S3Address(self.bucket, found["Key"], int(found["Size"]))

    def below(self, prefix: S3Address) -> str:
        """The name of this object below `prefix`, as File mode lays it out.

        A prefix may end inside a name: then the name counts from the last slash before it.
        """
        if self.key.startswith(prefix.key.rstrip("/") + "/") and prefix.key:
            return self.key[len(prefix.key.rstrip("/")) + 1 :]
        return self.key[prefix.key.rfind("/") + 1 :]

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
