"""What the verbs of `penstock recordio` share: arguments, refusals, the bar, the last words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.errors import UsageError

if TYPE_CHECKING:
    from penstock.recordio.files import Account

In = Annotated[
    str, typer.Argument(metavar="IN", help="a path, s3://bucket/key, or - for standard input")
]
Out = Annotated[
    str, typer.Argument(metavar="OUT", help="a path, s3://bucket/key, or - for standard output")
]

ShardMb = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        help="records are cut into part-00000.rec ... of at most so many MB (10^6 bytes): OUT is "
        "then a folder or an s3:// prefix",
    ),
]
BYTES_PER_MB = 1_000_000


def bytes_of(shard_mb: float | None) -> int | None:
    """MB in bytes."""
    return None if shard_mb is None else round(shard_mb * BYTES_PER_MB)


@contextmanager
def refused() -> Iterator[None]:
    """Broken input, wrong places and values that do not fit are usage errors."""
    from penstock.recordio.files import FilesError

    try:
        yield
    except FilesError as error:
        raise UsageError(str(error)) from error
    except BrokenPipeError:
        raise  # the reader of standard output went away: that ends it without a word
    except OSError as error:  # standard output, or room for a temporary file
        raise UsageError(error.strerror or str(error)) from error


@contextmanager
def counted(place: str) -> Iterator[Callable[[int, int | None], None]]:
    """The progress of reading a file, on a terminal and if it takes long."""
    from penstock.cli.progress_bar import ProgressBar

    with ProgressBar(place) as bar:
        yield bar.at


def say(account: Account, target: str) -> None:
    """What was done; on stderr if the bytes went to standard output."""
    for line in account.lines():
        typer.echo(line, err=target == "-")
