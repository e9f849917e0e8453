"""`penstock recordio convert`: between CSV, Parquet, JSON lines, libsvm and RecordIO-protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from penstock.cli.errors import one_line
from penstock.cli.recordio_files import In, Out, ShardMb, bytes_of, counted, refused, say

if TYPE_CHECKING:
    from penstock.recordio.files import Format

FormatName = Literal["recordio", "csv", "parquet", "jsonl", "libsvm"]
PANEL_READ, PANEL_WRITE = "How IN is read", "How OUT is written"


def convert(
    source: In,
    target: Out,
    from_format: Annotated[
        FormatName | None,
        typer.Option(
            "--from", help="where IN's ending does not say it", rich_help_panel=PANEL_READ
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|NUMBER|none",
            help="the label's column, numbers from 0, -1 is the last "
            '(default: the one named "label", else CSV\'s first one)',
            rich_help_panel=PANEL_READ,
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NUMBER,FROM-TO,...",
            help="the features' columns in their order (default: all but the label)",
            rich_help_panel=PANEL_READ,
        ),
    ] = None,
    header: Annotated[
        bool,
        typer.Option("--header", help="CSV's first line has names", rich_help_panel=PANEL_READ),
    ] = False,
    columns: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="how wide sparse rows are (default: what IN says; libsvm: its largest index)",
            rich_help_panel=PANEL_READ,
        ),
    ] = None,
    to_format: Annotated[
        FormatName | None,
        typer.Option(
            "--to", help="where OUT's ending does not say it", rich_help_panel=PANEL_WRITE
        ),
    ] = None,
    dtype: Annotated[
        Literal["float32", "float64", "int32"] | None,
        typer.Option(
            help="of the values (default: float32 in new records, else as they are)",
            rich_help_panel=PANEL_WRITE,
        ),
    ] = None,
    names: Annotated[
        bool,
        typer.Option(
            "--names",
            help="CSV gets a line of names, JSON lines become {name: value}",
            rich_help_panel=PANEL_WRITE,
        ),
    ] = False,
    sparse: Annotated[
        bool | None,
        typer.Option(
            "--sparse/--dense", help="(default: as the rows are)", rich_help_panel=PANEL_WRITE
        ),
    ] = None,
    shard_mb: ShardMb = None,
    first_index: Annotated[
        int,
        typer.Option(min=0, max=1, help="of libsvm's columns, read or written"),
    ] = 1,
) -> None:
    """Convert between CSV, Parquet, JSON lines, libsvm and RecordIO-protobuf.

    The endings say which: .csv .parquet .jsonl .libsvm .rec, text also with .gz. IN and OUT are
    paths, s3://bucket/key or -.
    """
    with one_line(), refused():
        from penstock.recordio import files

        reading = files.Reading(
            files.Format(from_format) if from_format else files.format_of(source, option="--from"),
            label=label,
            features=[each.strip() for each in features.split(",")] if features else [],
            header=header,
            columns=columns,
            first_index=first_index,
        )
        writing = files.Writing(
            _written_format(target, to_format, shard_mb),
            dtype=dtype,
            names=names,
            sparse=sparse,
            first_index=first_index,
            shard_bytes=bytes_of(shard_mb),
        )
        with counted(source) as progress:
            account = files.convert(source, target, reading, writing, progress=progress)
    say(account, target)


def _written_format(target: str, named: FormatName | None, shard_mb: float | None) -> Format:
    from penstock.recordio.files import Format, format_of

    if named is not None:
        return Format(named)
    return Format.RECORDIO if shard_mb is not None else format_of(target, option="--to")
