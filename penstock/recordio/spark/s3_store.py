"""Shards in S3: attempts are uploads in parts that nobody completes but the driver."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, BinaryIO, cast

PART_BYTES = 16 << 20  # S3 takes 10,000 parts of 5 MiB and more: 160 GB
PARTS_AT_ONCE = 4


class S3Store:
    """A prefix of a bucket; see store.Store.

    An upload in parts is no object until CompleteMultipartUpload, and then all of it is (Amazon S3
    user guide, "Uploading and copying objects using multipart upload"). So nothing has to be
    copied or renamed, and an attempt that is late adds to nothing. What attempts that died leave
    behind is invisible; a rule of the bucket's lifecycle (AbortIncompleteMultipartUpload) ends it.

    Needs s3:ListBucket, and below the prefix s3:GetObject, s3:PutObject,
    s3:AbortMultipartUpload, s3:DeleteObject (only where an earlier run's files must go).
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._bucket, _, self._prefix = uri.removeprefix("s3://").partition("/")

    def __getstate__(self) -> dict[str, Any]:
        # each process makes its own client
        return {name: value for name, value in self.__dict__.items() if name != "_s3"}

    @cached_property
    def _s3(self) -> Any:
        import boto3

        return boto3.client("s3")

    def prepare(self, channels: Sequence[str]) -> None:
        """Nothing: uploads need no place."""

    def begin(self, name: str) -> S3Attempt:
        """A new upload."""
        return S3Attempt(self._s3, self._of(name))

    def publish(self, name: str, token: str) -> None:
        """Complete the upload."""
        upload = json.loads(token)
        parts = [
            {"PartNumber": number, "ETag": tag} for number, tag in enumerate(upload["tags"], 1)
        ]
        self._s3.complete_multipart_upload(
            **self._of(name), UploadId=upload["id"], MultipartUpload={"Parts": parts}
        )

    def discard(self, name: str, token: str) -> None:
        """Abort the upload."""
        self._s3.abort_multipart_upload(**self._of(name), UploadId=json.loads(token)["id"])

    def clean(self, channels: Sequence[str]) -> None:
        """Nothing: what is left has no name."""

    def names(self, folder: str) -> list[str]:
        """Keys below the prefix, without it."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + folder
        )
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [key.removeprefix(self._prefix) for key in keys]

    def open(self, name: str) -> BinaryIO:
        """The object's body."""
        try:
            body = self._s3.get_object(**self._of(name))["Body"]
        except self._s3.exceptions.NoSuchKey:
            raise FileNotFoundError(self.uri + name) from None
        return cast("BinaryIO", body)

    def put(self, name: str, content: bytes) -> None:
        """One PutObject."""
        self._s3.put_object(**self._of(name), Body=content)

    def delete(self, name: str) -> None:
        """One DeleteObject."""
        self._s3.delete_object(**self._of(name))

    def _of(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


class S3Attempt:
    """An upload in parts, some of them on their way at once; see store.Attempt."""

    def __init__(self, s3: Any, place: dict[str, str]) -> None:
        self._s3 = s3
        self._place = place
        self._upload = s3.create_multipart_upload(**place)["UploadId"]
        self._part = bytearray()
        self._tags: list[str] = []
        self._under_way: deque[Future[str]] = deque()
        self._threads = ThreadPoolExecutor(PARTS_AT_ONCE)

    def write(self, data: memoryview) -> None:
        """Append; waits while PARTS_AT_ONCE parts are on their way."""
        self._part += data
        if len(self._part) >= PART_BYTES:
            self._send()

    def finish(self) -> str:
        """Send the rest; the token holds the upload's id and its parts' tags."""
        if self._part:
            self._send()
        while self._under_way:
            self._tags.append(self._under_way.popleft().result())
        self._threads.shutdown()
        return json.dumps({"id": self._upload, "tags": self._tags})

    def abort(self) -> None:
        """Abort the upload, when no part is on its way any more: it would keep its part."""
        self._threads.shutdown(cancel_futures=True)
        self._s3.abort_multipart_upload(**self._place, UploadId=self._upload)

    def _send(self) -> None:
        if len(self._under_way) == PARTS_AT_ONCE:
            self._tags.append(self._under_way.popleft().result())
        number = len(self._tags) + len(self._under_way) + 1
        self._under_way.append(self._threads.submit(self._put, number, self._part))
        self._part = bytearray()

    def _put(self, number: int, content: bytearray) -> str:
        tag: str = self._s3.upload_part(
            **self._place, UploadId=self._upload, PartNumber=number, Body=content
        )["ETag"]
        return tag
