"""An S3 object uploaded in parts while it is written; it appears when all of it is there."""

from __future__ import annotations

from typing import Any

from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.inputs import s3_parts

PART_BYTES = 8 << 20  # S3 takes parts from 5 MiB on (user guide, qfacts)
PARTS_OF_A_SIZE = 1000  # then they grow: there may be 10,000 parts


class S3Upload:
    """Takes bytes; memory holds one part. A small object is put at once."""

    def __init__(self, uri: str) -> None:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        self.place = uri
        self.size_bytes = 0
        self._bucket, self._key = s3_parts(uri)
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._refused = (BotoCoreError, ClientError)
        try:
            self._s3 = boto3.client("s3")
        except self._refused as error:  # no region, no such profile
            raise FilesError(str(error), uri) from error

    def write(self, data: bytes | memoryview) -> int:
        """All of `data`."""
        self._buffer += data
        size = len(data)
        self.size_bytes += size
        while len(self._buffer) >= (part_bytes := self._part_bytes()):
            part = bytes(self._buffer[:part_bytes])
            del self._buffer[:part_bytes]
            self._send(part)
        return size

    def end(self) -> None:
        """Upload the rest as a last part, which may be small; the object does not appear yet."""
        if self._buffer:
            self._send(bytes(self._buffer))
        self._buffer.clear()

    def finish(self) -> None:
        """The object appears."""
        where = {"Bucket": self._bucket, "Key": self._key}
        try:
            if self._upload_id is None:
                self._s3.put_object(**where, Body=bytes(self._buffer))
                return
            self.end()
            self._s3.complete_multipart_upload(
                **where, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
            )
        except self._refused as error:
            raise FilesError(str(error), self.place) from error

    def drop(self) -> None:
        """The parts that were sent are removed; an object that appeared stays."""
        if self._upload_id is None:
            return
        where = {"Bucket": self._bucket, "Key": self._key}
        try:
            self._s3.abort_multipart_upload(**where, UploadId=self._upload_id)
        except self._refused as error:
            raise FilesError(
                "the upload broke off, and its parts stay until upload "
                f"{self._upload_id} is aborted (aws s3api abort-multipart-upload): {error}",
                self.place,
            ) from error

    def _part_bytes(self) -> int:
        return PART_BYTES * (1 + len(self._parts) // PARTS_OF_A_SIZE)

    def _send(self, part: bytes) -> None:
        where = {"Bucket": self._bucket, "Key": self._key}
        try:
            if self._upload_id is None:
                self._upload_id = self._s3.create_multipart_upload(**where)["UploadId"]
            number = len(self._parts) + 1
            sent = self._s3.upload_part(
                **where, UploadId=self._upload_id, PartNumber=number, Body=part
            )
        except self._refused as error:
            raise FilesError(str(error), self.place) from error
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})


def first_key(uri: str) -> str | None:
    """Some object whose URI begins so. FilesError if the bucket cannot be listed."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, prefix = s3_parts(uri)
    try:
        found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise FilesError(f"earlier parts cannot be looked for: {error}", uri) from error
    return next((f"s3://{bucket}/{each['Key']}" for each in found.get("Contents", [])), None)
