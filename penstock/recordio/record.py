"""Records of any kind written one by one: several features, bytes, texts, answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.checks import checked_dtype, refuse_masked, write_all
from penstock.recordio.frame import frame
from penstock.recordio.payload import CONFIGURATION, FEATURES, LABEL, METADATA, UID
from penstock.recordio.tensor import (
    BYTES_FIELD,
    FIELD_OF_DTYPE,
    BytesTensor,
    Record,
    Tensor,
    places,
    shape_words,
)
from penstock.recordio.wire import encode_field, encode_varints


def write_records(file: BinaryIO, records: Iterable[Record]) -> int:
    """Append records as they are, each a whole one; returns the bytes written.

    Features and labels are written in the order of their maps (protobuf leaves it open). With
    names in alphabetical order, but a longer one before the one that it begins with, the bytes are
    those of the SageMaker SDK 2's Record when it is serialized deterministically.
    ValueError, before the record in question, for other types than float32, float64, int32 and
    int64 that fits, for keys without a shape, outside of it or more or fewer than values, and for
    values that do not fill their shape.
    """
    if isinstance(records, Record):
        raise TypeError("records is a single Record: give a list of it")
    return sum(write_all(file, frame(encode_record(record))) for record in records)


def encode_record(record: Record) -> bytes:
    """The payload, the protobuf message aialgs.data.Record. ValueError as in write_records."""
    parts = [*_map(FEATURES, record.features), *_map(LABEL, record.label)]
    texts = ((UID, record.uid), (METADATA, record.metadata), (CONFIGURATION, record.configuration))
    parts += [encode_field(field, text.encode()) for field, text in texts if text is not None]
    return b"".join(parts)


def _map(field: int, tensors: Mapping[str, Tensor | BytesTensor]) -> Iterable[bytes]:
    for name, tensor in tensors.items():
        try:
            value = _value(tensor)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        yield encode_field(field, encode_field(1, name.encode()) + encode_field(2, value))


def _value(tensor: object) -> bytes:
    if isinstance(tensor, BytesTensor):
        return _bytes(tensor)
    if isinstance(tensor, Tensor):
        return _tensor(tensor)
    raise ValueError(f"expected a Tensor or a BytesTensor, found {type(tensor).__name__}")


def _bytes(tensor: BytesTensor) -> bytes:
    parts = []
    for value in tensor.values:
        if not isinstance(value, bytes):
            raise ValueError("the values must be a tuple of bytes, (value,)")
        parts.append(encode_field(1, value))
    if tensor.content_type is not None:
        parts.append(encode_field(2, tensor.content_type.encode()))
    return encode_field(BYTES_FIELD, b"".join(parts))


def _tensor(tensor: Tensor) -> bytes:
    refuse_masked("the tensor", tensor.values)
    values = np.asarray(tensor.values)
    if values.ndim != 1:
        raise ValueError(f"values have the shape {values.shape}, expected numbers in a row")
    dtype = checked_dtype(values)
    values = values.astype(dtype)
    keys = None if tensor.keys is None else np.asarray(tensor.keys)
    _check(len(values), keys, tensor.shape)
    body = values.tobytes() if dtype.kind == "f" else _packed(values.astype(np.int64).view("<u8"))
    parts = [encode_field(1, body) if body else b""]
    if keys is not None and len(keys):
        parts.append(encode_field(2, _packed(keys.astype(np.uint64))))
    if tensor.shape:
        parts.append(encode_field(3, _packed(np.array(tensor.shape, np.uint64))))
    return encode_field(FIELD_OF_DTYPE[dtype], b"".join(parts))


def _check(count: int, keys: npt.NDArray[Any] | None, shape: tuple[int, ...] | None) -> None:
    if shape is not None and any(size < 0 for size in shape):
        raise ValueError(f"the shape {shape} has a negative size")
    if keys is None:
        if shape and count and places(shape) != count:
            raise ValueError(f"{count} values do not fill the shape {shape_words(shape)}")
        return
    if keys.ndim != 1 or (keys.dtype.kind not in "iu" and len(keys)):
        raise ValueError("keys must be integers in a row")
    if len(keys) != count:
        raise ValueError(f"{count} values but {len(keys)} keys")
    if not shape:
        raise ValueError("a sparse tensor needs a shape")
    if len(keys) and (int(keys.min()) < 0 or int(keys.max()) >= places(shape)):
        raise ValueError(
            f"keys must lie in 0..{places(shape) - 1}, the shape is {shape_words(shape)}"
        )


def _packed(numbers: npt.NDArray[Any]) -> bytes:
    return encode_varints(numbers)[0].tobytes()
