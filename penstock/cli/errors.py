"""How the command says no: one line on stderr, exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


class UsageError(Exception):
    """What was asked for cannot be done; the text is one line that says why and what to do."""


def exit_with(text: str) -> typer.Exit:
    """Print one line on stderr; the result is to be raised."""
    typer.echo(f"penstock: {' '.join(text.split())}", err=True)
    return typer.Exit(2)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a UsageError into its line and exit code 2."""
    try:
        yield
    except UsageError as error:
        raise exit_with(str(error)) from None
