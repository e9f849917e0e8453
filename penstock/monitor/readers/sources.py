"""The objects behind a path, a folder or an s3:// prefix, each opened when its turn comes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.monitor.errors import MonitorError
from penstock.monitor.window import Window

_S3 = "s3://"


@dataclass(frozen=True)
class Source:
    """One object; `name` is what a user knows it by."""

    name: str
    s3: Any = None  # a boto3 client for s3:// names

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The content, seekable. An S3 object goes through a temporary file, not through memory."""
        if not self.name.startswith(_S3):
            try:
                file = _readable(self.name).open("rb")
            except OSError as error:
                raise MonitorError(f"{self.name} cannot be read: {error.strerror}") from error
            with file:
                yield file
            return
        bucket, key = split_s3(self.name)
        with tempfile.TemporaryFile() as copy:
            try:
                with self.s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
                    shutil.copyfileobj(body, copy)
            except (ClientError, BotoCoreError) as error:
                raise MonitorError(f"{self.name} cannot be read: {error}") from error
            copy.seek(0)
            yield copy


def find_sources(data: str, s3: Any = None) -> list[Source]:
    """The objects in order of their names; none for an empty folder or prefix.

    Names with a part that begins with `_` or `.` are left out, as Spark and Hadoop do.

    Args:
        data: a file, a folder (with all below it) or `s3://bucket/prefix`.
        s3: a boto3 S3 client, for s3://.

    Raises:
        MonitorError: no such path, or the bucket cannot be listed.
    """
    if data.startswith(_S3):
        return [Source(name, s3) for name in _listed(data, s3)]
    path = Path(data)
    if path.is_dir():
        below = (p for p in path.rglob("*") if p.is_file() and _visible(p.relative_to(path).parts))
        return [Source(str(p)) for p in sorted(below)]
    return [Source(str(_readable(data)))]


def find_captures(endpoint: str, window: Window, s3: Any) -> list[Source]:
    """The capture files of the hours that a window touches; no other folder is listed.

    Args:
        endpoint: `s3://bucket/.../<endpoint>/`, where the variants' folders are.
        window: of time.
        s3: a boto3 S3 client.

    Raises:
        MonitorError: no S3 address, or the bucket cannot be listed.
    """
    if not endpoint.startswith(_S3):
        raise MonitorError(f"{endpoint}: a window is for captures on S3, s3://bucket/prefix/")
    endpoint = endpoint.rstrip("/") + "/"
    bucket, prefix = split_s3(endpoint)
    variants = [
        str(found["Prefix"])
        for page in _pages(endpoint, s3, Delimiter="/")
        for found in page.get("CommonPrefixes", [])
        if _visible((found["Prefix"].removeprefix(prefix),))
    ]
    return [
        source
        for variant in variants
        for hour in window.hour_folders()
        for source in find_sources(f"{_S3}{bucket}/{variant}{hour}", s3)
    ]


def split_s3(name: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; MonitorError without a bucket."""
    bucket, _, key = name.removeprefix(_S3).partition("/")
    if not bucket:
        raise MonitorError(f"{name} names no bucket: write s3://bucket/prefix/")
    return bucket, key


def _listed(data: str, s3: Any) -> list[str]:
    bucket, prefix = split_s3(data)
    names = []
    for page in _pages(data, s3):
        for found in page.get("Contents", []):
            key = str(found["Key"])
            below = key[len(prefix.rpartition("/")[0]) :]
            if not key.endswith("/") and _visible(PurePosixPath(below).parts):
                names.append(f"{_S3}{bucket}/{key}")
    return names


def _pages(data: str, s3: Any, **request: str) -> Iterator[dict[str, Any]]:
    bucket, prefix = split_s3(data)
    if s3 is None:
        raise MonitorError(f"{data} needs an S3 client: none was given")
    try:
        yield from s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, **request
        )
    except (ClientError, BotoCoreError) as error:
        raise MonitorError(f"{data} cannot be listed: {error}") from error


def _visible(parts: tuple[str, ...]) -> bool:
    return not any(part.startswith(("_", ".")) for part in parts)


def _readable(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise MonitorError(f"{name}: no such file; give a file, a folder or s3://bucket/prefix/")
    return path
