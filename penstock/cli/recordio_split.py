"""`penstock recordio split` and `merge`: the same records in more files or in fewer."""

from __future__ import annotations

from typing import Annotated

import typer

from penstock.cli.errors import UsageError, one_line
from penstock.cli.recordio_files import In, ShardMb, bytes_of, counted, refused, say


def split(
    source: In,
    folder: Annotated[str, typer.Argument(metavar="OUTDIR", help="a folder or an s3:// prefix")],
    shard_mb: ShardMb = None,
    records: Annotated[int | None, typer.Option(min=1, help="in each file")] = None,
    parts: Annotated[int | None, typer.Option(min=1, help="files of nearly one size")] = None,
) -> None:
    """Cut records into part-00000.rec ...: --shard-mb, --records or --parts says where."""
    with one_line(), refused():
        from penstock.recordio import files

        if [shard_mb, records, parts].count(None) != 2:
            raise UsageError("give one of --shard-mb, --records and --parts")
        with counted(source) as progress:
            account = files.split(
                source,
                folder,
                shard_bytes=bytes_of(shard_mb),
                records=records,
                parts=parts,
                progress=progress,
            )
    say(account, folder)


def merge(
    places: Annotated[
        list[str],
        typer.Argument(metavar="IN... OUT", help="paths, s3://bucket/key or -; the last is OUT"),
    ],
) -> None:
    """Put files of records together, in the order of their names here."""
    with one_line(), refused():
        from penstock.recordio import files

        *sources, target = places
        if not sources:
            raise UsageError("merge needs what to read and, last, what to write: IN... OUT")
        with counted(target) as progress:
            account = files.merge(sources, target, progress=progress)
    say(account, target)
