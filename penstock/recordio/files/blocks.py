"""Text in blocks of whole lines, with the number of each block's first line."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from penstock.recordio.files.errors import FilesError

BLOCK_BYTES = 4 << 20
LONGEST_LINE_BYTES = 256 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # what spreadsheets write before UTF-8
TRIED_LINE_ENDS = 100


@contextmanager
def unpacked(stream: BinaryIO, *, packed: bool) -> Iterator[BinaryIO]:
    """The text of a file that may be gzip. FilesError for bytes that are not."""
    if not packed:
        yield stream
        return
    try:
        with gzip.GzipFile(fileobj=stream) as text:
            yield cast("BinaryIO", text)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FilesError(f"not whole as gzip: {error}") from error


def blocks(stream: BinaryIO, *, quoted: bool = False) -> Iterator[tuple[int, bytes]]:
    """(number of the first line, from 1; whole lines) until the end.

    With `quoted` a line end inside of quotation marks is none. FilesError for a line beyond
    256 MiB.
    """
    line = 1
    rest = b""
    while data := stream.read(BLOCK_BYTES):
        block = (rest + data).removeprefix(BYTE_ORDER_MARK) if line == 1 else rest + data
        end = _line_end(block, quoted=quoted)
        if not end and len(block) > LONGEST_LINE_BYTES:
            raise FilesError(f"line {line} has more than {LONGEST_LINE_BYTES} bytes: is this text?")
        rest = block[end:]
        if end:
            yield line, block[:end]
            line += block.count(b"\n", 0, end)
    if rest:
        yield line, rest


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of those that are not empty."""
    for first, block in blocks(stream):
        for number, line in enumerate(io.BytesIO(block), first):
            if stripped := line.strip():
                yield number, stripped


def _line_end(block: bytes, *, quoted: bool) -> int:
    """Where the last whole line ends; 0 if none does."""
    end = block.rfind(b"\n") + 1
    if not quoted or b'"' not in block:
        return end
    for _ in range(TRIED_LINE_ENDS):
        if not end or block.count(b'"', 0, end) % 2 == 0:
            return end
        end = block.rfind(b"\n", 0, end - 1) + 1
    return 0
