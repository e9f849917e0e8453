"""What some formats cannot hold, whatever the numbers' type is."""

from __future__ import annotations

import numpy as np

from penstock.recordio.files.batch import Batch
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.formats import Format


def check_fits(form: Format, batch: Batch) -> None:
    """FilesError for NaN and infinite numbers in JSON lines, and libsvm without a label."""
    rows = batch.rows
    if form is Format.LIBSVM and rows.labels is None:
        raise FilesError(
            f"{batch.row_words(0)} has no label, and libsvm's lines begin with one: "
            "say which column it is (--label)"
        )
    if form is not Format.JSON_LINES:
        return
    for numbers, words in ((rows.values, batch.value_words), (rows.labels, batch.label_words)):
        if numbers is None or np.isfinite(numbers).all():
            continue
        at = int(np.argmin(np.isfinite(numbers).reshape(-1)))
        raise FilesError(
            f"{words(at)}: JSON has no {numbers.reshape(-1)[at]}: write CSV or Parquet instead"
        )
