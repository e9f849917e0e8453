"""Decodes one record's payload, the protobuf message aialgs.data.Record, strictly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.errors import WireError
from penstock.recordio.tensor import (
    BYTES_FIELD,
    DTYPE_OF_FIELD,
    BytesTensor,
    Record,
    Tensor,
    places,
    shape_words,
)
from penstock.recordio.wire import (
    FIXED32,
    FIXED64,
    LENGTH_DELIMITED,
    VARINT,
    decode_varints,
    fields,
    number_fields,
)

FEATURES, LABEL, UID, METADATA, CONFIGURATION = range(1, 6)
TEXTS = {UID: "uid", METADATA: "metadata", CONFIGURATION: "configuration"}


def decode_record(payload: bytes) -> Record:
    """The record in `payload`. WireError for whatever the format does not allow."""
    features: dict[str, Tensor | BytesTensor] = {}
    label: dict[str, Tensor | BytesTensor] = {}
    texts: dict[str, str] = {}
    for number, start, end in fields(payload):
        if number in (FEATURES, LABEL):
            name, tensor = _map_entry(payload, start, end)
            (features if number == FEATURES else label)[name] = tensor
        elif number in TEXTS:
            texts[TEXTS[number]] = _text(payload, start, end, TEXTS[number])
        else:
            raise WireError(f"field {number} is unknown in a Record (1 to 5 exist)", start)
    return Record(features=features, label=label, **texts)


def _map_entry(payload: bytes, start: int, end: int) -> tuple[str, Tensor | BytesTensor]:
    name: str | None = None
    value: tuple[int, int] | None = None
    for number, body_start, body_end in fields(payload, start, end):
        if number == 1:
            name = _text(payload, body_start, body_end, "a map key")
        elif number == 2:
            value = body_start, body_end
        else:
            raise WireError(f"field {number} is unknown in a map entry (1 and 2 exist)", body_start)
    if name is None or value is None:
        raise WireError(f"a map entry without its {'key' if name is None else 'value'}", start)
    return name, _value(payload, *value)


def _value(payload: bytes, start: int, end: int) -> Tensor | BytesTensor:
    found = list(fields(payload, start, end))
    if len(found) != 1:
        numbers = [number for number, _, _ in found]
        raise WireError(f"a Value holds exactly one tensor, found fields {numbers}", start)
    number, body_start, body_end = found[0]
    if number == BYTES_FIELD:
        return _bytes_tensor(payload, body_start, body_end)
    if number not in DTYPE_OF_FIELD:
        raise WireError(
            f"field {number} is no known tensor (2 float32, 3 float64, 7 int32, 9 bytes)", start
        )
    return _tensor(payload, body_start, body_end, DTYPE_OF_FIELD[number])


def _tensor(payload: bytes, start: int, end: int, dtype: np.dtype[Any]) -> Tensor:
    parts: dict[int, list[npt.NDArray[Any]]] = {1: [], 2: [], 3: []}
    for number, wire_type, body_start, body_end in number_fields(payload, start, end):
        if number not in parts:
            raise WireError(f"field {number} is unknown in a tensor (1 to 3 exist)", body_start)
        body = payload[body_start:body_end]
        if number == 1 and dtype.kind == "f":
            parts[1].append(_floats(body, wire_type, dtype, body_start))
        elif wire_type in (VARINT, LENGTH_DELIMITED):
            parts[number].append(decode_varints(body, body_start))
        else:
            raise WireError(f"field {number} has wire type {wire_type}", body_start)
    values = np.concatenate(parts[1]) if parts[1] else np.empty(0, dtype)
    if dtype.kind == "i":
        values = _int32(values, start)
    keys = np.concatenate(parts[2]) if parts[2] else None
    shape = tuple(int(size) for size in np.concatenate(parts[3])) if parts[3] else None
    _check(values, keys, shape, start)
    return Tensor(values, keys, shape)


def _check(
    values: npt.NDArray[Any],
    keys: npt.NDArray[np.uint64] | None,
    shape: tuple[int, ...] | None,
    position: int,
) -> None:
    if keys is None:
        if shape is not None and len(values) and places(shape) != len(values):
            raise WireError(
                f"{len(values)} values do not fill the shape {shape_words(shape)}", position
            )
        return
    if len(keys) != len(values):
        raise WireError(f"{len(values)} values but {len(keys)} keys", position)
    if shape is None:
        raise WireError("a sparse tensor needs a shape", position)
    if len(keys) and int(keys.max()) >= places(shape):
        raise WireError(
            f"key {int(keys.max())} lies outside the shape {shape_words(shape)}", position
        )


def _floats(
    body: bytes, wire_type: int, dtype: np.dtype[Any], position: int
) -> npt.NDArray[np.floating[Any]]:
    unpacked = FIXED32 if dtype.itemsize == 4 else FIXED64
    if wire_type not in (unpacked, LENGTH_DELIMITED):
        raise WireError(f"{dtype.name} values have wire type {wire_type}", position)
    if len(body) % dtype.itemsize:
        raise WireError(f"{len(body)} bytes are no whole number of {dtype.name} values", position)
    return np.frombuffer(body, dtype)


def _int32(numbers: npt.NDArray[Any], position: int) -> npt.NDArray[np.int32]:
    signed = numbers.astype(np.uint64).view(np.int64)
    narrow = signed.astype(np.int32)
    if (narrow != signed).any():
        raise WireError("an int32 tensor holds a value beyond 32 bits", position)
    return narrow


def _bytes_tensor(payload: bytes, start: int, end: int) -> BytesTensor:
    values: list[bytes] = []
    content_type: str | None = None
    for number, body_start, body_end in fields(payload, start, end):
        if number == 1:
            values.append(payload[body_start:body_end])
        elif number == 2:
            content_type = _text(payload, body_start, body_end, "content_type")
        else:
            raise WireError(f"field {number} is unknown in Bytes (1 and 2 exist)", body_start)
    return BytesTensor(tuple(values), content_type)


def _text(payload: bytes, start: int, end: int, what: str) -> str:
    try:
        return payload[start:end].decode()
    except UnicodeDecodeError as error:
        raise WireError(f"{what} is not UTF-8", start + error.start) from error
