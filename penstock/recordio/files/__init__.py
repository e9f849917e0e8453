"""Files of records made from other formats, cut and put together; what `penstock recordio` does."""

from penstock.recordio.files.account import Account
from penstock.recordio.files.convert import convert
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.formats import Format, format_of
from penstock.recordio.files.reading import Reading
from penstock.recordio.files.split import merge, split
from penstock.recordio.files.writing import Writing

__all__ = [
    "Account",
    "FilesError",
    "Format",
    "Reading",
    "Writing",
    "convert",
    "format_of",
    "merge",
    "split",
]
