"""JSON lines read: SageMaker's dense and sparse forms, and plain objects of columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from penstock.recordio.files.batch import LABEL_WORDS, Batch
from penstock.recordio.files.blocks import lines
from penstock.recordio.files.columns import LABEL, NO_LABEL, Columns, choose
from penstock.recordio.files.errors import FilesError
from penstock.recordio.files.forms import check_keys
from penstock.recordio.files.numbers import LOST, loses_digits, may_have_lost_digits
from penstock.recordio.rows import DenseRows, SparseRows, index_dtype

BATCH_NUMBERS = 1 << 18
KEYS, VALUES, SHAPE, FEATURES, DATA = "keys", "values", "shape", "features", "data"
Line = tuple[int, dict[str, Any]]


class JsonSource:
    """The first line decides which of these forms all lines have.

    {"features": [1, 2]}, {"data": {"features": {"values": [1, 2]}}} and, sparse,
    {"data": {"features": {"keys": [0], "shape": [2], "values": [1]}}} (developer guide,
    cdf-inference), with the label beside them: "label": 1. Without "data" around them, and as
    {"keys", "shape", "values"} alone, they are taken too. Anything else is {column: number}, with
    the first line's columns in its order; more columns in later lines are not read.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        label: str | None,
        features: Sequence[str],
        columns: int | None,
    ) -> None:
        self._stream = stream
        self._label = label
        self._features = features
        self._width = columns
        self._names: Columns | None = None  # of plain objects
        self._has_label: bool | None = None
        self._is_sparse: bool | None = None
        self.left_out: Sequence[str] = ()

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Of plain objects."""
        return self._names.feature_names if self._names else None

    @property
    def label_name(self) -> str | None:
        """Of plain objects."""
        return self._names.label_name if self._names else None

    def batches(self) -> Iterator[Batch]:
        """Some thousand numbers at a time. FilesError names line, column and value."""
        waiting: list[Line] = []
        numbers = 0
        for number, line in lines(self._stream):
            document = _document(number, line)
            if self._has_label is None:
                self._begin(document)
            waiting.append((number, document))
            numbers += line.count(b",") + 1
            if numbers >= BATCH_NUMBERS:
                yield self._batch(waiting)
                waiting, numbers = [], 0
        if waiting:
            yield self._batch(waiting)

    def _begin(self, document: dict[str, Any]) -> None:
        if _tensor(document) is None:
            names = list(document)
            self._names = choose(
                len(names),
                names,
                label=self._label,
                features=self._features,
                first_is_label=False,
            )
            self._has_label = self._names.label is not None
            return
        if self._features:
            raise FilesError("--features needs columns with names, these lines hold lists")
        name = self._label_key
        self._has_label = name in document if self._label is None else self._label != NO_LABEL

    @property
    def _label_key(self) -> str:
        return self._label or LABEL

    def _batch(self, found: list[Line]) -> Batch:
        if self._names is not None:
            return self._plain(found, self._names)
        tensors = [_tensor(document) for _, document in found]
        for (number, _), tensor in zip(found, tensors, strict=True):
            if tensor is None:
                raise FilesError(f"line {number} has no features, the lines before it have")
            is_sparse = isinstance(tensor, dict) and KEYS in tensor
            if self._is_sparse not in (None, is_sparse):
                raise FilesError(
                    f"line {number} is {'sparse' if is_sparse else 'dense'}, the lines before it "
                    "are not: write both kinds to files of their own"
                )
            self._is_sparse = is_sparse
        labels = None
        if self._has_label:
            labels = _matrix(found, [[_at(line, self._label_key)] for line in found], [LABEL_WORDS])
        elif self._label is None:
            _refuse_late_label(found)
        flat = None if labels is None else labels[:, 0]
        rows = (
            self._sparse(found, tensors, flat)
            if self._is_sparse
            else self._dense(found, tensors, flat)
        )
        return Batch(rows, partial(_row_words, found), _column_words)

    def _plain(self, found: list[Line], columns: Columns) -> Batch:
        assert columns.names is not None
        names = [columns.names[at] for at in columns.chosen]
        table = _matrix(found, [[_at(line, name) for name in names] for line in found], names)
        count = len(columns.features)
        labels = None if columns.label is None else table[:, count]
        return Batch(
            DenseRows(table[:, :count], labels),
            partial(_row_words, found),
            partial(_name_words, columns),
        )

    def _dense(self, found: list[Line], tensors: list[Any], labels: Any) -> DenseRows:
        rows = [tensor[VALUES] if isinstance(tensor, dict) else tensor for tensor in tensors]
        for (number, _), row in zip(found, rows, strict=True):
            if not isinstance(row, list) or not row:
                raise FilesError(f"line {number}: the features are no list of numbers")
            if self._width is None:
                self._width = len(row)
            if len(row) != self._width:
                raise FilesError(
                    f"line {number} has {len(row)} features, {self._width} are expected"
                )
        return DenseRows(_matrix(found, rows, None), labels)

    def _sparse(self, found: list[Line], tensors: list[Any], labels: Any) -> SparseRows:
        keys: list[Any] = []
        values: list[Any] = []
        pointers = [0]
        for (number, _), tensor in zip(found, tensors, strict=True):
            self._check_sparse(number, tensor)
            keys += tensor[KEYS]
            values += tensor[VALUES]
            pointers.append(len(keys))
        numbers = _numbers_at(found, pointers, values)
        assert self._width is not None
        rows = SparseRows(
            np.array(pointers, np.int64),
            np.array(keys, index_dtype(self._width)),
            numbers,
            self._width,
            labels,
        )
        check_keys(rows, partial(_row_words, found))
        return rows

    def _check_sparse(self, number: int, tensor: dict[str, Any]) -> None:
        keys, values, shape = (tensor.get(name) for name in (KEYS, VALUES, SHAPE))
        lists = isinstance(keys, list) and isinstance(values, list) and isinstance(shape, list)
        if not lists or len(keys) != len(values) or len(shape) != 1:  # type: ignore[arg-type]
            raise FilesError(
                f"line {number}: a sparse row needs as many keys as values and a shape of one "
                'number, {"keys": [0], "shape": [4], "values": [1]}'
            )
        whole = [*keys, *shape]  # type: ignore[misc]
        if not all(type(each) is int and 0 <= each < 1 << 63 for each in whole):
            raise FilesError(f"line {number}: keys and shape must be whole numbers from 0 on")
        if self._width is None:
            self._width = shape[0]  # type: ignore[index]
        if shape[0] > self._width:  # type: ignore[index]
            raise FilesError(
                f"line {number} has {shape[0]} columns, {self._width} are expected: "  # type: ignore[index]
                "give --columns"
            )


def _document(number: int, line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise FilesError(f"line {number} is no JSON: {error}") from error
    except RecursionError as error:
        raise FilesError(f"line {number} is nested too deep") from error
    if not isinstance(document, dict) or not document:
        raise FilesError(f'line {number} is no object: expected {{"features": [...]}}')
    return document


def _tensor(document: dict[str, Any]) -> Any:
    """The features in one of SageMaker's forms; None of a plain object."""
    if KEYS in document and VALUES in document:
        return document
    inner = document.get(DATA)
    features = (inner if isinstance(inner, dict) else document).get(FEATURES)
    if isinstance(features, list) or (isinstance(features, dict) and VALUES in features):
        return features
    return None


def _at(line: Line, name: str) -> Any:
    number, document = line
    if name not in document:
        raise FilesError(f"line {number} has no {name}: it has {', '.join(list(document)[:20])}")
    return document[name]


def _refuse_late_label(found: list[Line]) -> None:
    for number, document in found:
        if LABEL in document:
            raise FilesError(
                f"line {number} has a label, the first one has none: add it or give --label none"
            )


def _matrix(
    found: list[Line], rows: list[list[Any]], names: Sequence[str] | None
) -> npt.NDArray[Any]:
    """(n, D) numbers, all rows as long as the first."""
    table = np.array(rows)
    if table.ndim == 2 and table.dtype.kind in "fiub" and not may_have_lost_digits(table):
        return table
    for (number, _), row in zip(found, rows, strict=True):
        for place, value in enumerate(row):
            _check(value, f"line {number}, {names[place] if names else f'feature {place}'}")
    return np.array(rows, np.float64)  # whole numbers beyond 64 bits


def _numbers_at(found: list[Line], pointers: list[int], values: list[Any]) -> npt.NDArray[Any]:
    numbers = np.array(values)
    if not values:
        return np.empty(0, np.float64)
    if numbers.ndim == 1 and numbers.dtype.kind in "fiub" and not may_have_lost_digits(numbers):
        return numbers
    for at, value in enumerate(values):
        row = int(np.searchsorted(pointers, at, "right")) - 1
        _check(value, f"line {found[row][0]}, value {at - pointers[row]}")
    return np.array(values, np.float64)


def _check(value: Any, place: str) -> None:
    if value is None:
        raise FilesError(f"{place}: the value is missing (null): fill it in first")
    if not isinstance(value, int | float):
        raise FilesError(f"{place}: {json.dumps(value)[:60]} is no number")
    if isinstance(value, int) and loses_digits(value):
        raise FilesError(f"{place}: {str(value)[:40]} {LOST}")


def _row_words(found: list[Line], row: int) -> str:
    return f"line {found[row][0]}"


def _column_words(feature: int | None) -> str:
    return LABEL_WORDS if feature is None else f"feature {feature}"


def _name_words(columns: Columns, feature: int | None) -> str:
    if feature is None:
        return f"{columns.label_name}, {LABEL_WORDS}"
    assert columns.feature_names is not None
    return columns.feature_names[feature]
