"""model.tar.gz (or an uncompressed prefix) from S3 into a private /opt/ml/model."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.s3 import S3Address

_CHUNK_BYTES = 1 << 20


class ModelDataError(Exception):
    """The model's data cannot be brought into the container; one line that says why."""


def fetch(
    container: Mapping[str, Any], s3: Any, directory: Path, name: str = "container_1"
) -> None:
    """Fill `directory` from ModelDataUrl or ModelDataSource; a container may have neither.

    `name` is how the container is called where its archive cannot be read. Raises
    ModelDataError; botocore's ClientError for what S3 refuses.
    """
    directory.mkdir(parents=True, exist_ok=True)
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    try:
        if container.get("ModelDataUrl"):
            _unpack(S3Address.parse(str(container["ModelDataUrl"])), s3, directory, name)
        elif source and source.get("CompressionType") == "Gzip":
            _unpack(S3Address.parse(str(source["S3Uri"])), s3, directory, name)
        elif source:
            _copy(S3Address.parse(str(source["S3Uri"])), s3, directory)
    except ValueError as error:
        raise ModelDataError(str(error)) from None


def _unpack(address: S3Address, s3: Any, directory: Path, name: str) -> None:
    archive = directory.parent / "model.tar.gz"
    _download(address, s3, archive)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _extract(tar, member, directory)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        # AWS's own sentences, as in aws/deep-learning-containers pull request 569
        raise ModelDataError(
            f'Failed to extract model data archive for container "{name}" from URL "{address}". '
            "Please ensure that the object located at the URL is a valid tar.gz archive. "
            f"({error})"
        ) from error
    finally:
        archive.unlink()


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path) -> None:
    """Files and folders only, below `directory` (Python 3.11.2 has no extraction filters yet)."""
    target = directory / member.name
    if Path(member.name).is_absolute() or not target.resolve().is_relative_to(directory.resolve()):
        raise tarfile.TarError(f"{member.name} leads out of the model's directory")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise tarfile.TarError(f"{member.name} is neither a file nor a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK_BYTES)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _copy(prefix: S3Address, s3: Any, directory: Path) -> None:
    found = False
    for address in prefix.objects(s3):
        found = True
        target = directory / address.below(prefix)
        if not target.resolve().is_relative_to(directory.resolve()):
            raise ModelDataError(f"the key of {address} leads out of the model's directory")
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(address, s3, target)
    if not found:
        raise ModelDataError(f"there is no object under {prefix}")


def _download(address: S3Address, s3: Any, target: Path) -> None:
    body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
    with body, target.open("wb") as file:
        shutil.copyfileobj(body, file, _CHUNK_BYTES)
