"""RecordIO-protobuf in batches: the dense features of training data, their labels left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, BinaryIO, cast

import numpy as np
import pyarrow as pa

from penstock.monitor.errors import MonitorError
from penstock.recordio import Reader as RecordReader
from penstock.recordio import RecordIOError

BATCH_ROWS = 65_536


def recordio_batches(file: IO[bytes], name: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """One column for each feature.

    Args:
        file: dense records; sparse ones are refused.
        name: of the object, for refusals.
        names: of the features by place; the records carry none.

    Raises:
        MonitorError: no dense records, or of another number of features than there are names.
    """
    try:
        for values, _ in RecordReader(cast("BinaryIO", file)).dense_batches(BATCH_ROWS):
            if values.shape[1] != len(names):
                raise MonitorError(
                    f"{name} holds records of {values.shape[1]} features, {len(names)} columns are "
                    "named: name each feature, in order, and not the label"
                )
            columns = np.ascontiguousarray(values.T)
            yield pa.record_batch([pa.array(column) for column in columns], names=list(names))
    except RecordIOError as error:
        raise MonitorError(f"{name} holds no dense records: {error}") from error
