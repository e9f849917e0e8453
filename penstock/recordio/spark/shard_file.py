"""What every task does with its rows: it makes one shard of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.output_file import OutputFile, Written
from penstock.recordio.spark.store import Store

Rows = tuple["npt.NDArray[Any]", "npt.NDArray[Any] | None"]


def write_shard(store: Store, name: str, batches: Iterable[Rows], origin: str) -> Written:
    """Write rows and their labels into one file; `origin` says whose they are.

    Raises:
        SparkWriteError: a row that cannot be written, or none.
    """
    file = OutputFile(store, name)
    try:
        for rows, labels in batches:
            try:
                file.add(rows, labels)
            except ValueError as error:
                raise SparkWriteError(f"{origin}: {error}") from error
        written = file.finish()
    except BaseException:
        file.abort()
        raise
    if written is None:
        raise SparkWriteError(f"{origin} has no rows")
    return written
