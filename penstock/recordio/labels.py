"""Records that hold labels alone, as algorithms answer with: score, predicted_label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.checks import write_all
from penstock.recordio.frame import frame
from penstock.recordio.label import to_floats
from penstock.recordio.tensor import FIELD_OF_DTYPE
from penstock.recordio.wire import encode_field

_FLOAT32 = np.dtype("<f4")
_LABEL_FIELD = 2  # of aialgs.data.Record (record.proto)


def write_labels(file: BinaryIO, labels: Mapping[str, npt.ArrayLike]) -> int:
    """Append one record without features; returns bytes written.

    Each label is a number, or (n,) numbers, and becomes float32 (SageMaker developer guide,
    LL-in-formats, rcf-in-formats). ValueError for a number that float32 cannot hold.
    """
    entries = []
    for name, values in labels.items():
        numbers = to_floats(f"label {name}", np.atleast_1d(np.asarray(values)), _FLOAT32)
        if numbers.ndim != 1:
            raise ValueError(f"label {name} has shape {numbers.shape}, expected numbers in a row")
        tensor = encode_field(1, numbers.tobytes())
        value = encode_field(FIELD_OF_DTYPE[_FLOAT32], tensor)
        entry = encode_field(1, name.encode()) + encode_field(2, value)
        entries.append(encode_field(_LABEL_FIELD, entry))
    return write_all(file, frame(b"".join(entries)))
