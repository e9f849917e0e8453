"""model.tar.gz and output.tar.gz: directories packed on disk and streamed to S3."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.s3 import S3Address


def upload_archive(
    directories: list[Path], archive: Path, target: S3Address, s3: Any, kms_key: str = ""
) -> None:
    """Pack what lies in `directories` (of several hosts: the first host's file wins) and put it.

    With `kms_key` the object is encrypted with that key (OutputDataConfig.KmsKeyId).
    """
    members: dict[str, Path] = {}
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            members.setdefault(str(path.relative_to(directory)), path)
    with tarfile.open(archive, "w:gz") as tar:
        for name, path in members.items():
            tar.add(path, arcname=name, recursive=False)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    with archive.open("rb") as file:
        s3.put_object(Bucket=target.bucket, Key=target.key, Body=file, **encryption)
    archive.unlink()
