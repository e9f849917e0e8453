"""How rows are written, whichever format the file shall have."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from penstock.recordio.files.formats import Format, is_gzip
from penstock.recordio.files.outputs import Output
from penstock.recordio.files.parts import Parts
from penstock.recordio.files.writers import (
    CsvWriter,
    JsonWriter,
    LibsvmWriter,
    Names,
    RecordWriter,
    Writer,
)


@dataclass(frozen=True)
class Writing:
    """What the file shall be.

    Attributes:
        format: of the file's bytes.
        dtype: of the values, float32, float64 or int32; None for float32 where other formats
            become records, else for the type that the values have.
        names: CSV gets a line of names, JSON lines become plain objects.
        sparse: rows are sparse, dense (False) or as they were read (None).
        first_index: of libsvm's indices, 1 or 0.
        shard_bytes: records are cut into files of at most so many bytes.
    """

    format: Format
    dtype: str | None = None
    names: bool = False
    sparse: bool | None = None
    first_index: int = 1
    shard_bytes: int | None = None


@contextmanager
def writer_to(output: Output | Parts, names: Names, writing: Writing) -> Iterator[Writer]:
    """A writer that is closed in the end; the output is not."""
    if isinstance(output, Parts):
        yield RecordWriter(cast("BinaryIO", output))
        return
    file: BinaryIO = cast("BinaryIO", _File(output))
    packed = is_gzip(output.place, writing.format)
    if packed:
        file = cast("BinaryIO", gzip.GzipFile("", "wb", fileobj=file, mtime=0))
    writer = _writer(file, names, writing)
    try:
        yield writer
    except BaseException:
        # Parquet's writer would write the file's end later on otherwise, to a file that is closed
        with suppress(Exception):
            writer.close()
        raise
    writer.close()
    if packed:
        file.close()


def _writer(file: BinaryIO, names: Names, writing: Writing) -> Writer:
    shown = names if writing.names else None
    match writing.format:
        case Format.CSV:
            return CsvWriter(file, shown)
        case Format.JSON_LINES:
            return JsonWriter(file, shown)
        case Format.LIBSVM:
            return LibsvmWriter(file, writing.first_index)
        case Format.PARQUET:
            from penstock.recordio.files.parquet_writer import ParquetWriter

            return ParquetWriter(file, names)
        case Format.RECORDIO:
            return RecordWriter(file)


class _File(io.RawIOBase):
    """An output as the file object that gzip and pyarrow want; closing it changes nothing."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._output.write(data)

    def tell(self) -> int:
        return self._output.size_bytes
