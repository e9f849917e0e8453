"""What goes through a channel in one piece: bytes in memory, or a part of a local file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class FilePart:
    """`count` bytes of a local file from `offset` on; the kernel can send them without a copy."""

    file: BinaryIO
    offset: int
    count: int

    def __len__(self) -> int:
        return self.count


Chunk = bytes | FilePart


def in_memory(chunks: Iterator[Chunk]) -> Iterator[bytes]:
    """The same bytes, at most a MiB of a file at a time. OSError for a file that is too short."""
    for chunk in chunks:
        if isinstance(chunk, bytes):
            yield chunk
            continue
        offset, end = chunk.offset, chunk.offset + chunk.count
        while offset < end:
            data = os.pread(chunk.file.fileno(), min(_PIECE_BYTES, end - offset), offset)
            if not data:
                raise OSError(f"a file ends at byte {offset} instead of {end}")
            yield data
            offset += len(data)
