"""An augmented manifest's attributes in order: what each JSON line has under AttributeNames.

SageMaker developer guide, augmented-manifest: one JSON object a line; attributes are sent in the
order of AttributeNames, others are ignored; the value of one whose name ends in `-ref` is an S3 URI
whose object's content is sent; any other is sent as its string representation ("1" for the number
1). Unconfirmed: that the string of an array or object is compact JSON, that empty lines are passed
over, and what a line without one of the attributes does (here it fails the job).
"""

from __future__ import annotations

import array
import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.pipe.ahead import Ahead
from penstock.localcloud.workers.training.pipe.chunk import in_memory

_REFERENCE = "-ref"


def attributes_of(
    channel: ChannelObjects, epoch: int, s3: Any, stop: threading.Event, folder: Path
) -> Iterator[S3Address | bytes]:
    """This host's attributes in this epoch: objects and texts.

    The manifest is copied into a file without a name in `folder`, of which only one line is in
    memory at a time (and where each line begins, when they are shuffled). ValueError names a line
    that is not as it should be, also before its turn; StoppedError, OSError and what GetObject
    raises.
    """
    (manifest,) = channel.objects
    with tempfile.TemporaryFile(dir=folder) as file:
        with Ahead(s3, [manifest], stop, f"pipe-{channel.name}-manifest") as ahead:
            for read in ahead.objects():
                file.writelines(in_memory(read.chunks()))
        file.seek(0)
        for offset, line in _lines(channel, epoch, file):
            where = f"{manifest}, the line at byte {offset}"
            attributes = _object(line, where)
            for name in channel.attributes:
                yield _content(attributes, name, where)


def _lines(channel: ChannelObjects, epoch: int, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """This host's lines, each with the byte at which it begins."""
    offsets = array.array("Q")
    offset = number = 0
    for line in file:
        if line.strip():
            if channel.shuffle_seed is not None:
                offsets.append(offset)
            elif number % channel.hosts == channel.host:
                yield offset, line
            number += 1
        offset += len(line)
    channel.shuffle(offsets, epoch)
    for offset in offsets[channel.host :: channel.hosts]:
        file.seek(offset)
        yield offset, file.readline()


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{where}: not a JSON object")
    return found


def _content(attributes: dict[str, Any], name: str, where: str) -> S3Address | bytes:
    if name not in attributes:
        raise ValueError(
            f"{where}: it has no attribute {name!r} of AttributeNames, only "
            + ", ".join(sorted(attributes))
        )
    value = attributes[name]
    if not name.endswith(_REFERENCE):
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text.encode()
    try:
        return S3Address.parse(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(
            f"{where}: the value of {name!r} must be an S3 URI, it is {value!r}"
        ) from None
