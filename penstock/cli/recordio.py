"""`penstock recordio`: what is in a file of RecordIO-protobuf, and whether it is whole; convert.

Exit code 2, in one line with the record and the byte, for a file that is broken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, cast

import typer

from penstock.cli.errors import one_line
from penstock.cli.recordio_convert import convert
from penstock.cli.recordio_files import In as File
from penstock.cli.recordio_files import counted, refused
from penstock.cli.recordio_split import merge, split

if TYPE_CHECKING:
    from penstock.recordio import BytesTensor, Record, Tensor

app = typer.Typer(
    help="RecordIO-protobuf, the format of SageMaker's built-in algorithms.",
    no_args_is_help=True,
)


@app.command()
def head(
    file: File,
    records: Annotated[int, typer.Option("--records", "-n", min=1, help="how many")] = 5,
) -> None:
    """Show the first records, a line of JSON each."""
    with one_line(), _opened(file) as source:
        from penstock.recordio import Reader

        for record in islice(Reader(source), records):
            typer.echo(json.dumps(_document(record), allow_nan=False))


@app.command()
def stats(file: File) -> None:
    """Count records, kinds of records, values and labels."""
    with one_line(), _opened(file) as source:
        from penstock.recordio.statistics import Statistics

        for line in Statistics(source).lines():
            typer.echo(line)


@app.command()
def verify(file: File) -> None:
    """Read every record; the first wrong byte is named."""
    with one_line(), _opened(file) as source:
        from penstock.recordio.statistics import Statistics

        found = Statistics(source)
        typer.echo(f"{file}: {found.records} records, {found.bytes} bytes, nothing wrong")


app.command()(convert)
app.command()(split)
app.command()(merge)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """The file's bytes; UsageError if they cannot be had, or are not records."""
    from penstock.recordio.files.errors import named
    from penstock.recordio.files.inputs import opened

    with refused(), counted(file) as progress, opened(file, progress) as found, named(file):
        yield cast("BinaryIO", found.stream)


def _document(record: Record) -> dict[str, Any]:
    """Without what the record has not."""
    document = {
        "features": {name: _values(value) for name, value in record.features.items()},
        "label": {name: _values(value) for name, value in record.label.items()},
        "uid": record.uid,
        "metadata": record.metadata,
        "configuration": record.configuration,
    }
    return {name: value for name, value in document.items() if value not in (None, {})}


def _values(value: Tensor | BytesTensor) -> dict[str, Any]:
    from penstock.recordio import BytesTensor

    if isinstance(value, BytesTensor):
        return {"content_type": value.content_type, "bytes": [len(part) for part in value.values]}
    document: dict[str, Any] = {"type": value.values.dtype.name}
    if value.keys is not None:
        document["keys"] = value.keys.tolist()
    document["values"] = [_shown(number) for number in value.values]
    if value.shape is not None:
        document["shape"] = list(value.shape)
    return document


def _shown(number: Any) -> float | str:
    """A float32 in its own digits; JSON has no NaN and no infinity, they are shown as text."""
    if number.dtype.kind == "i":
        return int(number)
    return float(str(number)) if math.isfinite(number) else str(number)
