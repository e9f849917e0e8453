"""Rows of plain values as batches of text columns; the profile finds the types in the texts."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from penstock.monitor.errors import MonitorError

BATCH_ROWS = 10_000


def batches_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Batches of at most 10 000 rows; a key that a row lacks is a missing value in it.

    Raises:
        MonitorError: a value is a list or an object.
    """
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, BATCH_ROWS)):
        names = list(dict.fromkeys(itertools.chain.from_iterable(batch)))
        if not names:  # rows without any column still count
            empty = pa.array([{}] * len(batch), pa.struct([]))
            yield pa.RecordBatch.from_struct_array(empty)
            continue
        yield pa.record_batch(
            [
                pa.array([_text(name, row.get(name)) for row in batch], pa.string())
                for name in names
            ],
            names=names,
        )


def flattened(value: Any, name: str = "") -> dict[str, Any]:
    """Nested objects and lists as one level: `{"a": {"b": [1, 2]}}` is a_b_0 and a_b_1."""
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list):
        parts = {str(place): part for place, part in enumerate(value)}.items()
    else:
        return {name or "value": value}
    found: dict[str, Any] = {}
    for key, part in parts:
        found.update(flattened(part, f"{name}_{key}" if name else str(key)))
    return found


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        raise MonitorError(
            f"field {name} holds a {type(value).__name__}: JSON lines must be flat objects "
            "(Model Monitor, baselining); flatten it first"
        )
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return json.dumps(value)
