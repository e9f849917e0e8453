"""S3's reading side in memory: ranges, ETags, preconditions and listings as S3 answers them."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


class MemoryS3:
    """`objects` by key, in whatever bucket; `asked` has every GetObject's key and Range."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = dict(objects or {})
        self.asked: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def get_object(
        self, *, Bucket: str, Key: str, Range: str = "", IfMatch: str = ""
    ) -> dict[str, Any]:
        with self._lock:
            self.asked.append((Key, Range))
            data = self.objects.get(Key)
        if data is None:
            raise refusal("NoSuchKey")
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        if IfMatch and IfMatch != etag:
            raise refusal("PreconditionFailed")
        answer: dict[str, Any] = {"ETag": etag}
        if Range:
            first, last = (int(end) for end in Range.removeprefix("bytes=").split("-"))
            if first >= len(data):
                raise refusal("InvalidRange")
            last = min(last, len(data) - 1)
            answer["ContentRange"] = f"bytes {first}-{last}/{len(data)}"
            data = data[first : last + 1]
        return {**answer, "ContentLength": len(data), "Body": self.body(Key, data)}

    def body(self, key: str, data: bytes) -> Any:
        """What is read of an object; a test may break it."""
        return io.BytesIO(data)

    def get_paginator(self, _name: str) -> MemoryS3:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        found = sorted(key for key in self.objects if key.startswith(Prefix))
        for start in range(0, len(found), 2):
            page = found[start : start + 2]
            yield {"Contents": [{"Key": key, "Size": len(self.objects[key])} for key in page]}
        yield {}


def refusal(code: str) -> ClientError:
    """S3 answers with this error."""
    return ClientError({"Error": {"Code": code, "Message": f"{code} in memory"}}, "GetObject")
