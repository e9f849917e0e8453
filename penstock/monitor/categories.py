"""How often each text occurs, while there are few of them; how many there are, when many."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from datasketches import hll_sketch, hll_union, tgt_hll_type

# Deequ 2.0 ColumnProfiler: columns with more values than this get no histogram
MAX_CATEGORIES = 120
_LOG_REGISTERS = 12  # a HyperLogLog of 4096 registers: about 1.6 % standard error


class Categories:
    """Exact counts of up to 120 different texts, after that an estimate of how many there are.

    Whether the counts are kept depends on all the texts together, not on the parts in which they
    come.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._many: Any = None  # a HyperLogLog, once there are too many

    @property
    def counts(self) -> dict[str, int] | None:
        """Rows of each text; None when there were too many."""
        return None if self._many else self._counts

    @property
    def distinct(self) -> int:
        """How many different texts: exact up to 120, estimated above."""
        return round(self._estimate()) if self._many else len(self._counts)

    def add(self, texts: Iterable[str], counts: Iterable[int]) -> None:
        """More rows: texts with their numbers of rows, which may be 0."""
        for text, count in zip(texts, counts, strict=True):
            if not count:
                continue
            if self._many is not None:
                self._many.update(text)
                continue
            self._counts[text] = self._counts.get(text, 0) + count
            if len(self._counts) > MAX_CATEGORIES:
                self._give_up()

    def merge(self, other: Categories) -> None:
        """Add another part's."""
        if other._many is None:
            self.add(other._counts, other._counts.values())
            return
        self._give_up()
        union = hll_union(_LOG_REGISTERS)
        union.update(self._many)
        union.update(other._many)
        self._many = union.get_result(tgt_hll_type.HLL_8)

    def document(self) -> dict[str, Any]:
        """As plain values."""
        if self._many is None:
            return {"counts": self._counts}
        return {"many": base64.b64encode(self._many.serialize_compact()).decode("ascii")}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Categories:
        """The inverse of `document`."""
        categories = cls()
        categories._counts = dict(document.get("counts", {}))
        if "many" in document:
            categories._many = hll_sketch.deserialize(base64.b64decode(document["many"]))
        return categories

    def _give_up(self) -> None:
        if self._many is None:
            self._many = hll_sketch(_LOG_REGISTERS, tgt_hll_type.HLL_8)
            for text in self._counts:
                self._many.update(text)
            self._counts = {}

    def _estimate(self) -> float:
        # through a union always: a sketch that was filled in one go estimates a little differently
        union = hll_union(_LOG_REGISTERS)
        union.update(self._many)
        return float(union.get_estimate())
