"""Brings a script's code to where it runs: an archive or folder of a channel, or of S3.

Source: aws/sagemaker-training-toolkit@3383937, files.download_and_extract. Unlike there no member
of an archive gets out of the folder.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from penstock.localcloud.engines.container.errors import CustomerError


def bring(submitted: str, folder: Path) -> None:
    """Fill `folder`, unless something lies there. CustomerError for what cannot be brought."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return
    if submitted.startswith("s3://"):
        with tempfile.TemporaryDirectory() as place:
            archive = Path(place) / "source"
            _fetch(submitted, archive)
            _unpack(archive, folder)
        return
    path = Path(submitted)
    if path.is_dir():
        shutil.copytree(path, folder, dirs_exist_ok=True)
    elif path.is_file():
        _unpack(path, folder)
    else:
        raise CustomerError(f"sagemaker_submit_directory {submitted}: there is no such file")


def _fetch(address: str, target: Path) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    where = urlsplit(address)
    try:
        boto3.client("s3").download_file(where.netloc, where.path.lstrip("/"), str(target))
    except (BotoCoreError, ClientError) as error:
        raise CustomerError(
            f"sagemaker_submit_directory {address}: {error}; a job that is isolated from the "
            "network has its code in a channel"
        ) from None


def _unpack(archive: Path, folder: Path) -> None:
    if not tarfile.is_tarfile(archive):
        shutil.copy2(archive, folder)
        return
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CustomerError(
            f"sagemaker_submit_directory {archive.name}: it cannot be unpacked: {error}"
        ) from None
