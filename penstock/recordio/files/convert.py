"""Converts between CSV, Parquet, JSON lines, libsvm and RecordIO-protobuf, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np

from penstock.recordio.files.account import Account
from penstock.recordio.files.batch import LABEL_WORDS, RowSource
from penstock.recordio.files.errors import FilesError, named
from penstock.recordio.files.fits import check_fits
from penstock.recordio.files.formats import Format
from penstock.recordio.files.forms import as_dense, as_sparse
from penstock.recordio.files.inputs import Progress, opened
from penstock.recordio.files.numbers import FLOAT32, Caster
from penstock.recordio.files.outputs import Output, create, whole
from penstock.recordio.files.parts import BySize, Parts
from penstock.recordio.files.reading import Reading, rows_of
from penstock.recordio.files.writers import Names
from penstock.recordio.files.writing import Writing, writer_to
from penstock.recordio.rows import Rows


def convert(
    source: str,
    target: str,
    reading: Reading,
    writing: Writing,
    *,
    progress: Progress | None = None,
) -> Account:
    """Read `source` and write `target`: paths, s3://bucket/key, or - for standard input or output.

    With `writing.shard_bytes` the target is a folder or an s3:// prefix, see Parts.
    Memory is bounded by some batches of megabytes; Parquet that cannot be sought in (standard
    input, S3) is put into a temporary file first. Either all of the target is there in the end or
    nothing of it.

    Raises:
        FilesError: a value that the target cannot hold, with its line and column; a file that
            cannot be read or written.
    """
    becomes_records = writing.format is Format.RECORDIO and reading.format is not Format.RECORDIO
    dtype = np.dtype(writing.dtype) if writing.dtype else FLOAT32 if becomes_records else None
    caster = Caster(dtype, FLOAT32 if becomes_records else None)
    account = Account()
    with opened(source, progress) as found, named(source), rows_of(found, reading) as rows:
        batches = rows.batches()
        first = next(batches, None)  # the names are known then
        if first is None:
            raise FilesError("there are no rows")
        output = _output(target, writing)
        with whole(output), writer_to(output, _names(rows), writing) as writer:
            for batch in chain([first], batches):
                check_fits(writing.format, batch)
                typed = caster.cast(batch)
                for part in _formed(typed, writing.sparse):
                    writer.write(part)
                    account.add(part)
        account.files += (
            output.files if isinstance(output, Parts) else [(output.place, output.size_bytes)]
        )
        account.notes += rows.left_out
    if first.rows.labels is not None and first.column_words(None) != LABEL_WORDS:
        account.notes.append(f"label: {first.column_words(None).removesuffix(f', {LABEL_WORDS}')}")
    if caster.rounded:
        account.notes.append(
            f"{caster.rounded} whole numbers have no exact {dtype or 'form'} and were rounded, the "
            f"first: {caster.first_rounded}"
        )
    return account


def _output(target: str, writing: Writing) -> Output | Parts:
    if writing.shard_bytes is None:
        return create(target)
    if writing.format is not Format.RECORDIO:
        raise FilesError(f"only records are cut into shards, not {writing.format}", target)
    return Parts(target, BySize(writing.shard_bytes))


def _names(rows: RowSource) -> Names:
    return Names(rows.feature_names, rows.label_name)


def _formed(rows: Rows, sparse: bool | None) -> Iterator[Rows]:
    if sparse is None:
        yield rows
    elif sparse:
        yield as_sparse(rows)
    else:
        yield from as_dense(rows)
