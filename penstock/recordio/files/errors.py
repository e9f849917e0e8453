"""What cannot be converted, split or merged: one line that names the place and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from penstock.recordio.errors import RecordIOError


class FilesError(ValueError):
    """The file (`place`), the line or record in it, the column, the value, and what to do."""

    def __init__(self, message: str, place: str | None = None) -> None:
        super().__init__(message if place is None else f"{place}: {message}")
        self.place = place


@contextmanager
def named(place: str) -> Iterator[None]:
    """What is wrong with a file's content names the file."""
    try:
        yield
    except RecordIOError as error:
        raise FilesError(str(error), place) from error
    except FilesError as error:
        if error.place is not None:
            raise
        raise FilesError(str(error), place) from error
