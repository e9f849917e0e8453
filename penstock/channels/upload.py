"""Putting a finished file where it belongs."""

from __future__ import annotations

from typing import Any


def upload(s3: Any, file: Any, uri: str) -> None:
    """Put a file object's contents at an s3:// address, in parts if it is large."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    s3.upload_fileobj(file, bucket, key)
