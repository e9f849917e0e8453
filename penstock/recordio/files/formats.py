"""The formats that are converted, and the file names that mean them."""

from __future__ import annotations

from enum import StrEnum

from penstock.recordio.files.errors import FilesError


class Format(StrEnum):
    """What the bytes of a file are."""

    RECORDIO = "recordio"
    CSV = "csv"
    PARQUET = "parquet"
    JSON_LINES = "jsonl"
    LIBSVM = "libsvm"


FORMAT_OF_ENDING = {
    "rec": Format.RECORDIO,
    "recordio": Format.RECORDIO,
    "pbr": Format.RECORDIO,
    "csv": Format.CSV,
    "parquet": Format.PARQUET,
    "jsonl": Format.JSON_LINES,
    "ndjson": Format.JSON_LINES,
    "libsvm": Format.LIBSVM,
    "svm": Format.LIBSVM,
}
TEXT = (Format.CSV, Format.JSON_LINES, Format.LIBSVM)


def format_of(place: str, *, option: str) -> Format:
    """By the ending of a path or URI, .gz left aside.

    Raises:
        FilesError: the ending says nothing; `option` is what names the format instead.
    """
    _, dot, ending = place.removesuffix(".gz").rpartition(".")
    found = FORMAT_OF_ENDING.get(ending.lower()) if dot else None
    if found is None:
        endings = ", ".join(f".{known}" for known in FORMAT_OF_ENDING)
        raise FilesError(
            f"the ending does not say which format it is ({endings}): "
            f"give {option} {'|'.join(Format)}",
            place,
        )
    return found


def is_gzip(place: str, form: Format) -> bool:
    """Whether the file's bytes are packed. FilesError for .gz of what is no text."""
    if not place.endswith(".gz"):
        return False
    if form not in TEXT:
        raise FilesError(f".gz is for text ({', '.join(TEXT)}), not for {form}", place)
    return True
