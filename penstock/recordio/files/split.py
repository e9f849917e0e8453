"""Cuts a file of records into several, and puts several together; the records' bytes stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.recordio.files.account import Account
from penstock.recordio.files.errors import FilesError, named
from penstock.recordio.files.inputs import STANDARD, Progress, opened
from penstock.recordio.files.outputs import create, whole
from penstock.recordio.files.parts import ByCount, ByRecords, BySize, Parts
from penstock.recordio.files.walk import chunks


def split(
    source: str,
    folder: str,
    *,
    shard_bytes: int | None = None,
    records: int | None = None,
    parts: int | None = None,
    progress: Progress | None = None,
) -> Account:
    """Cut at record boundaries: files of `shard_bytes` at most, of `records`, or so many `parts`.

    One of the three is given. `folder` is a folder or an s3:// prefix, see Parts. Parts are nearly
    of one size; there are fewer if records are too few or too large. Framing is checked on the
    way, payloads are not.

    Raises:
        FilesError: what is no record, with its number and byte; a place that cannot be read or
            written. Nothing is left then.
    """
    account = Account()
    with opened(source, progress) as found, named(source):
        cut: BySize | ByRecords | ByCount
        if shard_bytes is not None:
            cut = BySize(shard_bytes)
        elif records is not None:
            cut = ByRecords(records)
        elif parts is None:
            raise ValueError("give shard_bytes, records or parts")
        elif found.size_bytes is None:
            raise FilesError("its size is not known, which equal parts need: say how many records")
        else:
            cut = ByCount(parts, found.size_bytes)
        output = Parts(folder, cut)
        with whole(output):
            for data, ends in chunks(found.stream):
                output.add(data, ends)
                account.rows += len(ends)
            if not account.rows:
                raise FilesError("there are no records")
        account.files += output.files
    if parts is not None and len(account.files) < parts:
        account.notes.append(
            f"{parts} parts were asked for: the records are too few or too large for more than "
            f"{len(account.files)}"
        )
    return account


def merge(sources: Sequence[str], target: str, *, progress: Progress | None = None) -> Account:
    """Put files of records together in their order: paths, s3://bucket/key or -.

    Framing is checked on the way, payloads are not.

    Raises:
        FilesError: what is no record, with its file, number and byte; a place that cannot be read
            or written. Nothing is left then.
    """
    if list(sources).count(STANDARD) > 1:
        raise FilesError("standard input is there once, not twice", STANDARD)
    account = Account()
    total_bytes = _total_bytes(sources)
    done_bytes = 0

    def at(here_bytes: int, _: int | None) -> None:
        if progress is not None:
            progress(done_bytes + here_bytes, total_bytes)

    output = create(target)
    with whole(output):
        for source in sources:
            with opened(source, at) as found, named(source):
                before = output.size_bytes
                for data, ends in chunks(found.stream):
                    output.write(data)
                    account.rows += len(ends)
            done_bytes += output.size_bytes - before
        if not account.rows:
            raise FilesError("there are no records", ", ".join(sources))
    account.files.append((output.place, output.size_bytes))
    return account


def _total_bytes(sources: Sequence[str]) -> int | None:
    """For the progress; None unless all are files here."""
    paths = [Path(source) for source in sources]
    return sum(path.stat().st_size for path in paths) if all(map(Path.is_file, paths)) else None
