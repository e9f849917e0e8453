"""File mode: a channel's objects downloaded before the program starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects

_CHUNK_BYTES = 1 << 20


def download(channel: ChannelObjects, s3: Any, directory: Path) -> int:
    """Put the objects below `directory`/<channel>/ under their names; returns the bytes.

    ValueError for a key that would lie outside of the directory.
    """
    return copy_below(channel.prefix, channel.objects, s3, directory / channel.name)


def copy_below(prefix: S3Address, objects: Iterable[S3Address], s3: Any, folder: Path) -> int:
    """Copy objects below `prefix` into `folder`, which is made; returns the bytes. ValueError."""
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for address in objects:
        target = folder / address.below(prefix)
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"the key of {address} leads out of the folder {folder.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
        with body, target.open("wb") as file:
            shutil.copyfileobj(body, file, _CHUNK_BYTES)
        total += target.stat().st_size
    return total
