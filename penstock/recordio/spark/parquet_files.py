"""Parquet files on a path or in S3: which there are, and how each process opens them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.store import is_s3

SUFFIX = ".parquet"


@dataclass(frozen=True)
class SourceFile:
    """A file as it was when the work was planned; `version` is S3's ETag or the time of change."""

    uri: str
    bytes: int
    version: str

    def open(self) -> Any:
        """For pyarrow. SparkWriteError if it is another one by now, or reading finds that out."""
        if is_s3(self.uri):
            return pa.PythonFile(io.BufferedReader(_S3File(self), _AHEAD_BYTES), mode="r")
        if _local(Path(self.uri)) != self:
            raise SparkWriteError(f"{self.uri} changed while it was read")
        return self.uri


_AHEAD_BYTES = 1 << 16


class _S3File(io.RawIOBase):
    """Ranges of an object, by boto3: the credentials and the address are those of the job."""

    def __init__(self, source: SourceFile) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Where reading goes on."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.bytes}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where reading goes on."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """One ranged GET, of the version that the work was planned for."""
        from botocore.exceptions import ClientError

        end = min(self._at + len(buffer), self._source.bytes)
        if end <= self._at:
            return 0
        bucket, key = _bucket_and_key(self._source.uri)
        try:
            body = _s3().get_object(
                Bucket=bucket,
                Key=key,
                Range=f"bytes={self._at}-{end - 1}",
                IfMatch=self._source.version,
            )["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "412", "NoSuchKey"):
                raise SparkWriteError(f"{self._source.uri} changed while it was read") from error
            raise
        content = body.read()
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def parquet_files(source: str | Sequence[str]) -> list[SourceFile]:
    """The Parquet files that a path, an s3:// prefix, or a list of them names, in order.

    A folder or a prefix stands for all files below it that end in .parquet; names that begin
    with _ or . are none of the data, as Spark sees it. A file that is named is taken as it is.

    Raises:
        SparkWriteError: there are none.
    """
    names = [source] if isinstance(source, str) else list(source)
    found = [file for name in names for file in (_below_s3(name) if is_s3(name) else _below(name))]
    if not found:
        raise SparkWriteError(f"no Parquet files (*{SUFFIX}) at {', '.join(names) or 'no address'}")
    return found


def _below(name: str) -> list[SourceFile]:
    path = Path(name.removeprefix("file://")).absolute()
    if path.is_dir():
        below = (p for p in path.rglob(f"*{SUFFIX}") if _is_data(str(p.relative_to(path))))
        return [_local(p) for p in sorted(below)]
    return [_local(path)] if path.exists() else []


def _local(path: Path) -> SourceFile:
    found = path.stat()
    return SourceFile(str(path), found.st_size, str(found.st_mtime_ns))


def _below_s3(name: str) -> list[SourceFile]:
    bucket, prefix = _bucket_and_key(name)
    pages = _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    items = [item for page in pages for item in page.get("Contents", [])]
    exact = [item for item in items if item["Key"] == prefix]
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    below = [
        item
        for item in items
        if item["Key"].startswith(folder)
        and item["Key"].endswith(SUFFIX)
        and _is_data(item["Key"].removeprefix(folder))
    ]
    return [
        SourceFile(f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"])
        for item in exact or below
        if item["Size"]
    ]


def _is_data(name: str) -> bool:
    return not any(part.startswith(("_", ".")) for part in name.split("/"))


def _bucket_and_key(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


@lru_cache(maxsize=1)
def _s3() -> Any:
    import boto3

    return boto3.client("s3")
