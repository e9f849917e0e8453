"""File mode: a channel's objects downloaded before the program starts."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.pipe.ahead import Ahead
from penstock.localcloud.workers.training.pipe.chunk import in_memory


def download(channel: ChannelObjects, s3: Any, directory: Path) -> int:
    """Put the objects below `directory`/<channel>/ under their names; returns the bytes.

    ValueError for a key that would lie outside of the directory.
    """
    return copy_below(channel.prefix, channel.epoch(0), s3, directory / channel.name)


def copy_below(prefix: S3Address, objects: Iterable[S3Address], s3: Any, folder: Path) -> int:
    """Copy objects below `prefix` into `folder`, which is made; returns the bytes.

    Their ranges are fetched side by side. ValueError for a key that leads out of the folder,
    ChangedError for an object that is written meanwhile, OSError, what GetObject raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {target_of(address, prefix, folder): address for address in objects}
    total = 0
    with Ahead(s3, wanted.values(), threading.Event(), "download") as ahead:
        for target, read in zip(wanted, ahead.objects(), strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                file.writelines(in_memory(read.chunks()))
            total += read.size
    return total


def target_of(address: S3Address, prefix: S3Address, folder: Path) -> Path:
    """Where an object lies in the program's folder. ValueError when that is outside of it."""
    target = folder / address.below(prefix)
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"the key of {address} leads out of the folder {folder.name}")
    return target
