"""Reviews with a verdict, as records for a pipeline: one text a file, in folders neg and pos.

So Pang and Lee's polarity data set has them (its README: txt_sentoken/neg and txt_sentoken/pos, a
file's name is a cross-validation tag and the number of the page it was taken from).
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from penstock.catalog import datasets
from penstock.datasets.cache import download
from penstock.datasets.errors import DatasetError
from penstock.datasets.schema import TextSchema

NAME, ARCHIVE = "review-polarity", "review_polarity.tar.gz"
LABELS = {"neg": 0, "pos": 1}
ARCHIVES = (".tar.gz", ".tgz")
MOST_BYTES = 1_000_000  # of a review; no stream takes a larger record
_DOCUMENT = re.compile(r"(?:.*/)?(neg|pos)/([^/.][^/]*)\.txt")
_EXPECTED = "reviews are files neg/*.txt and pos/*.txt, as in txt_sentoken/ of " + ARCHIVE

Document = tuple[str, str, bytes]  # verdict, name, contents


def records(path: Path | None, schema: TextSchema) -> tuple[str, list[dict[str, Any]]]:
    """The reviews, and one line that says what they are.

    Verdicts take turns in the order of the files' names, so that the first n reviews are of both
    kinds. An id is the verdict and the file's name, such as neg-cv000_29416.

    Args:
        path: an archive (.tar.gz), or a folder that such an archive was unpacked to; None for the
            data set itself, from the cache.
        schema: of the records.

    Raises:
        DatasetError: the data set cannot be had, or what lies there is none.
    """
    if path is not None:
        return str(path), _records(path, schema)
    try:
        archive = download(NAME) / ARCHIVE
    except DatasetError as error:
        raise DatasetError(f"{error}; give the file, from elsewhere, with --data") from error
    found = _records(archive, schema)
    return f"the {datasets.dataset(NAME).title}: {len(found)} reviews of films", found


def _records(path: Path, schema: TextSchema) -> list[dict[str, Any]]:
    found = list(_of_folder(path) if path.is_dir() else _of_archive(path))
    verdicts = {verdict for verdict, _, _ in found}
    if not found:
        raise DatasetError(f"{path}: holds no review; {_EXPECTED}")
    if len(verdicts) < len(LABELS):
        raise DatasetError(f"{path}: all reviews are {verdicts.pop()}; {_EXPECTED}")
    return [
        {
            str(schema.id_field): f"{verdict}-{name}",
            str(schema.text_field): _text(path, verdict, name, content),
            str(schema.label_field): LABELS[verdict],
        }
        for verdict, name, content in sorted(found, key=lambda document: document[1::-1])
    ]


def _text(path: Path, verdict: str, name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: {verdict}/{name}.txt is not UTF-8 text ({error.reason} at byte "
            f"{error.start}); write it in UTF-8"
        ) from None


def _of_folder(path: Path) -> Iterator[Document]:
    for file in sorted(path.rglob("*.txt")):
        matched = _DOCUMENT.fullmatch(file.absolute().as_posix())
        if matched is not None and file.is_file():
            _small_enough(path, file.name, file.stat().st_size)
            yield matched[1], matched[2], file.read_bytes()


def _of_archive(path: Path) -> Iterator[Document]:
    """Read where they lie: nothing of the archive is ever written to a disk."""
    if not path.name.lower().endswith(ARCHIVES):
        raise DatasetError(
            f"{path}: no archive by its name; give {ARCHIVE} or the folder it was unpacked to"
        )
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name.startswith("/") or ".." in member.name.split("/"):
                    raise DatasetError(
                        f"{path}: a name in it leads out of the archive, {member.name!r}; "
                        f"give {ARCHIVE} as its authors made it"
                    )
                matched = _DOCUMENT.fullmatch(member.name)
                file = archive.extractfile(member) if matched and member.isfile() else None
                if matched is not None and file is not None:
                    _small_enough(path, member.name, member.size)
                    yield matched[1], matched[2], file.read()
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DatasetError(f"{path}: cannot be read as a .tar.gz: {error}") from None


def _small_enough(path: Path, name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise DatasetError(
            f"{path}: {name} has {size} bytes; a review has {MOST_BYTES} at most, "
            "for a stream takes no larger record"
        )
