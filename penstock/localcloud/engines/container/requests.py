"""Turns a request's body into rows of features, or says in one line why it cannot.

Formats: SageMaker developer guide, cdf-inference (common data formats for inference).
"""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.recordio import Reader, RecordIOError, Tensor

CSV = "text/csv"
JSON = "application/json"
RECORDIO = "application/x-recordio-protobuf"
TYPES = (CSV, JSON, RECORDIO)


class BadRequestError(Exception):
    """The request cannot be answered; `status` is the HTTP status code."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def rows_of(body: bytes, content_type: str, features: int) -> NDArray[np.float64]:
    """(rows, features) of the body; raises BadRequestError (415 for an unknown content type)."""
    plain = content_type.split(";")[0].strip().lower()
    if plain == CSV:
        rows = _csv(body)
    elif plain == JSON:
        rows = _json(body)
    elif plain == RECORDIO:
        rows = _recordio(body, features)
    else:
        raise BadRequestError(
            f"content type {content_type!r} is not supported; use {', '.join(TYPES)}", 415
        )
    if rows.shape[1] != features:
        raise BadRequestError(f"a row has {rows.shape[1]} features, the model has {features}")
    if not np.isfinite(rows).all():
        raise BadRequestError("a feature is not a finite number")
    return rows


def _csv(body: bytes) -> NDArray[np.float64]:
    lines = [line for line in body.splitlines() if line.strip()]
    if not lines:
        raise BadRequestError("the body is empty; send one line of comma-separated numbers per row")
    try:
        return np.loadtxt(lines, delimiter=",", ndmin=2, dtype=np.float64, comments=None)
    except ValueError as error:
        raise BadRequestError(f"the body is not CSV of numbers: {_first_line(error)}") from None


def _json(body: bytes) -> NDArray[np.float64]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {_first_line(error)}") from None
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list) or not instances:
        raise BadRequestError(
            'the body has no instances; send {"instances": [{"features": [...]}]}'
        )
    rows = [_instance(number, instance) for number, instance in enumerate(instances)]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise BadRequestError(f"instances have different numbers of features: {sorted(widths)}")
    return np.array(rows, dtype=np.float64)


def _instance(number: int, instance: Any) -> list[float]:
    where = f"instance {number}"
    features = instance.get("features") if isinstance(instance, dict) else None
    if features is None and isinstance(instance, dict) and isinstance(instance.get("data"), dict):
        features = instance["data"].get("features")
    if isinstance(features, dict):
        return _tensor(where, features)
    return _numbers(where, features)


def _tensor(where: str, tensor: dict[str, Any]) -> list[float]:
    values = _numbers(where, tensor.get("values"))
    keys, shape = tensor.get("keys"), tensor.get("shape")
    if not keys:
        return values
    if not isinstance(shape, list) or not shape or not isinstance(keys, list):
        raise BadRequestError(f"{where}: a sparse tensor needs keys and shape")
    size = shape[-1]
    whole = all(isinstance(key, int) for key in [*keys, size])
    if not whole or len(keys) != len(values) or size < 1 or not all(0 <= k < size for k in keys):
        raise BadRequestError(f"{where}: keys must be as many as values, each from 0 to shape - 1")
    row = [0.0] * size
    for key, value in zip(keys, values, strict=True):
        row[key] = value
    return row


def _numbers(where: str, values: Any) -> list[float]:
    if not isinstance(values, list) or not values:
        raise BadRequestError(
            f'{where}: no features; send {{"features": [...]}} or '
            '{"data": {"features": {"values": [...]}}}'
        )
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise BadRequestError(f"{where}: a feature is not a number")
    return [float(value) for value in values]


def _recordio(body: bytes, features: int) -> NDArray[np.float64]:
    try:
        parts = [rows for rows, _ in Reader(io.BytesIO(body)).dense_batches(4096)]
    except RecordIOError:
        parts = _records(body, features)  # sparse ones, of different types, or no records at all
    if not parts:
        raise BadRequestError("the body holds no record")
    return np.concatenate(parts).astype(np.float64)


def _records(body: bytes, features: int) -> list[NDArray[Any]]:
    """One (1, features) row for each record, dense or sparse."""
    rows = []
    try:
        for number, record in enumerate(Reader(io.BytesIO(body))):
            values = record.features.get("values")
            if not isinstance(values, Tensor) or len(record.features) != 1:
                raise BadRequestError(f'record {number}: its single feature must be "values"')
            width = len(values.values) if values.shape is None else math.prod(values.shape)
            if width != features:  # before a large shape takes memory
                raise BadRequestError(
                    f"record {number} has {width} features, the model has {features}"
                )
            rows.append(values.to_dense().reshape(1, -1))
    except RecordIOError as error:
        raise BadRequestError(f"the body is not RecordIO-protobuf: {_first_line(error)}") from None
    return rows


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
