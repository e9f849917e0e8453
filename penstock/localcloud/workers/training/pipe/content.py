"""What goes through a channel's FIFO in one epoch: objects as they are, unzipped or wrapped."""

from __future__ import annotations

import tempfile
import threading
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.pipe.ahead import Ahead, ObjectRead
from penstock.localcloud.workers.training.pipe.augmented import attributes_of
from penstock.localcloud.workers.training.pipe.chunk import Chunk, FilePart, in_memory
from penstock.localcloud.workers.training.pipe.ranges import CHUNK_BYTES
from penstock.recordio.frame import MAX_LENGTH, frame, header


def content(
    channel: ChannelObjects, epoch: int, s3: Any, stop: threading.Event, folder: Path
) -> Generator[Chunk, None, None]:
    """The bytes of one epoch, in order. `folder` may hold a file without a name for a while.

    StoppedError, ChangedError, OSError, zlib.error, what GetObject raises; ValueError for a gzip
    stream that ends too early, a record that does not fit, a line that is not as it should be.
    """
    items = (
        attributes_of(channel, epoch, s3, stop, folder)
        if channel.attributes
        else iter(channel.epoch(epoch))
    )
    with Ahead(s3, items, stop, f"pipe-{channel.name}-ahead") as ahead:
        for item in ahead:
            if channel.record_wrapper == "RecordIO":
                yield from _wrapped(channel, item, folder)
            elif isinstance(item, bytes):
                yield item
            else:
                yield from _plain(channel, item)


def _plain(channel: ChannelObjects, item: ObjectRead) -> Iterator[Chunk]:
    chunks = item.chunks()
    return gunzipped(in_memory(chunks)) if channel.compression == "Gzip" else chunks


def _wrapped(channel: ChannelObjects, item: ObjectRead | bytes, folder: Path) -> Iterator[Chunk]:
    """The whole of it as one RecordIO record (RecordWrapperType)."""
    if isinstance(item, bytes):
        yield frame(item)
    elif channel.compression != "Gzip":
        yield header(item.size)
        yield from item.chunks()
        yield bytes(-item.size % 4)
    else:
        # how long it is stands before it, and shows when it is unzipped
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            size = _spooled(_plain(channel, item), file)
            yield header(size)
            yield FilePart(file, 0, size)
            yield bytes(-size % 4)


def _spooled(chunks: Iterator[Chunk], file: BinaryIO) -> int:
    size = 0
    for chunk in in_memory(chunks):
        size += len(chunk)
        if size > MAX_LENGTH:
            header(size)  # says what is wrong, before the disk is full
        file.write(chunk)
    return size


def gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip stream, of several members too; never more than a few chunks held."""
    unzip = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        rest = chunk
        while rest:
            if unzip.eof:
                unzip = zlib.decompressobj(wbits=31)
            yield unzip.decompress(rest, CHUNK_BYTES)
            rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
    while not unzip.eof and (pending := unzip.decompress(b"", CHUNK_BYTES)):
        yield pending
    if not unzip.eof:
        raise ValueError("the gzip stream ends too early")
