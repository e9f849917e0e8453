"""What a file of records holds, counted in one pass."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.recordio.reader import Reader
from penstock.recordio.rows import SparseRows
from penstock.recordio.source import Source
from penstock.recordio.tensor import Record

PIECE_ROWS = 4096
MOST_LABELS = 20  # distinct ones that are counted; beyond it there are only their bounds


class Numbers:
    """Count, bounds and oddities of many numbers."""

    def __init__(self) -> None:
        self.count = 0
        self.not_finite = 0
        self.least = np.inf
        self.most = -np.inf

    def add(self, numbers: npt.NDArray[Any]) -> None:
        """NaN and infinite ones are counted apart."""
        finite = np.isfinite(numbers)
        good = numbers if finite.all() else numbers[finite]
        self.count += numbers.size
        self.not_finite += numbers.size - good.size
        if good.size:
            self.least = min(self.least, float(good.min()))
            self.most = max(self.most, float(good.max()))

    def words(self) -> str:
        """One line's end."""
        if self.count == self.not_finite:
            bounds = "no finite one"
        else:
            bounds = f"{self.least:.9g} to {self.most:.9g}"
        odd = f", {self.not_finite} NaN or infinite" if self.not_finite else ""
        return f"{self.count}, {bounds}{odd}"


class Statistics:
    """Of all records that a source has. RecordIOError at the first byte that is wrong."""

    def __init__(self, source: Source) -> None:
        self.kinds: Counter[str] = Counter()
        self.values = Numbers()
        self.labels = Numbers()
        self.distinct: Counter[float] = Counter()
        self.empty_rows = 0
        reader = Reader(source)
        for piece in reader.pieces(PIECE_ROWS):
            if isinstance(piece, Record):
                self.kinds[_words(piece)] += 1
                continue
            self.kinds[piece.kind.words()] += len(piece)
            self.values.add(piece.values)
            if isinstance(piece, SparseRows):
                self.empty_rows += int((np.diff(piece.pointers) == 0).sum())
            if piece.labels is not None:
                self._add_labels(piece.labels)
        self.records, self.bytes = reader.position

    def _add_labels(self, labels: npt.NDArray[Any]) -> None:
        self.labels.add(labels)
        if len(self.distinct) <= MOST_LABELS:
            found, counts = np.unique(labels[np.isfinite(labels)], return_counts=True)
            self.distinct.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{self.records} records, {self.bytes} bytes"]
        lines += [f"{count} of {kind}" for kind, count in self.kinds.items()]
        if self.values.count:
            lines.append(f"values: {self.values.words()}")
        if self.empty_rows:
            lines.append(f"sparse rows without any value: {self.empty_rows}")
        if self.labels.count:
            lines.append(f"labels: {self.labels.words()}")
        if 0 < len(self.distinct) <= MOST_LABELS:
            each = (f"{label:.9g}: {count}" for label, count in sorted(self.distinct.items()))
            lines.append("each label: " + ", ".join(each))
        return lines


def _words(record: Record) -> str:
    features = ", ".join(sorted(record.features)) or "none"
    labels = ", ".join(sorted(record.label)) or "none"
    return f"features {features}; labels {labels}"
