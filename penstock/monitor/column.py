"""One column's profile: how many values, of which types, their moments, sketch and categories.

Types are Deequ's (DataType.scala): a text counts as Integral or Fractional if it is written as such
a number, so columns of text files have types too; one other text makes a column String, a fraction
among integers makes it Fractional. Boolean, which the published file does not know, is String.

Ours: numbers with an exponent (1e-05) are Fractional, where Deequ's pattern takes them for text;
blanks around a number are ignored; NaN and infinite numbers count as missing, for JSON cannot write
them and one of them would spoil the mean.
"""

from __future__ import annotations

import base64
import re
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasketches import kll_doubles_sketch

from penstock.monitor.categories import Categories
from penstock.monitor.distribution import SKETCH_SIZE, Distribution, Floats
from penstock.monitor.errors import MonitorError
from penstock.monitor.moments import Moments

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = "Integral", "Fractional", "String", "Unknown"
_INTEGRAL = r"^[+-]?\d+$"
_FRACTIONAL = r"^[+-]?((\d+\.\d*|\.\d+)([eE][+-]?\d+)?|\d+[eE][+-]?\d+)$"


class ColumnProfile:
    """Of no row at first; `update` and `merge` add rows."""

    def __init__(self) -> None:
        self.missing = 0
        self.integral = 0
        self.fractional = 0
        self.text = 0  # neither of the two
        self.moments = Moments()
        self.categories = Categories()
        self.sketch: Any = kll_doubles_sketch(SKETCH_SIZE)

    @property
    def present(self) -> int:
        """Values that are there."""
        return self.integral + self.fractional + self.text

    @property
    def completeness(self) -> float:
        """Between 0 and 1; 0 without rows."""
        rows = self.present + self.missing
        return self.present / rows if rows else 0.0

    @property
    def inferred_type(self) -> str:
        """Integral, Fractional, String or Unknown (no value at all)."""
        if self.text:
            return STRING
        if self.fractional:
            return FRACTIONAL
        return INTEGRAL if self.integral else UNKNOWN

    @property
    def distribution(self) -> Distribution:
        """Of the numbers among the values."""
        return Distribution.of(self.sketch)

    def matching(self, inferred_type: str) -> float:
        """The share of values that fit a type: integers are fractions, everything is a text."""
        if not self.present:
            return 1.0
        fitting = {
            INTEGRAL: self.integral,
            FRACTIONAL: self.integral + self.fractional,
        }.get(inferred_type, self.present)
        return fitting / self.present

    def update(self, values: pa.Array, name: str, *, category: bool = False) -> None:
        """Add rows.

        Args:
            values: numbers, truth values, texts, dates or times; nulls are missing values.
            name: of the column, for refusals.
            category: numbers among the texts are names: counted each, the same one as 1 and 1.0.

        Raises:
            MonitorError: the column holds lists, structs or bytes.
        """
        kind = values.type
        if pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
            values, kind = values.dictionary_decode(), kind.value_type
        if category and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            self._add_texts(values.cast(pa.string()), category=True)
        elif pa.types.is_integer(kind):
            self._add_numbers(values, whole=True)
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            self._add_numbers(values, whole=False)
        elif pa.types.is_null(kind):
            self.missing += len(values)
        elif (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_dictionary(kind)
        ):
            self._add_texts(values, category=category)
        elif pa.types.is_boolean(kind) or (
            pa.types.is_temporal(kind) and not pa.types.is_duration(kind)
        ):
            self._add_texts(values.cast(pa.string()), category=True)
        else:
            raise MonitorError(
                f"column {name} is of type {kind}: the monitor takes flat columns of numbers, "
                "texts, truth values, dates and times; select or flatten it first"
            )

    def merge(self, other: ColumnProfile) -> None:
        """Add another part's rows."""
        self.missing += other.missing
        self.integral += other.integral
        self.fractional += other.fractional
        self.text += other.text
        self.moments.merge(other.moments)
        self.categories.merge(other.categories)
        self.sketch.merge(other.sketch)

    def document(self) -> dict[str, Any]:
        """As plain values; the sketches in Apache DataSketches' own form, base64."""
        return {
            "missing": self.missing,
            "integral": self.integral,
            "fractional": self.fractional,
            "text": self.text,
            "moments": asdict(self.moments) if self.moments.count else None,
            "categories": self.categories.document(),
            "sketch": base64.b64encode(self.sketch.serialize()).decode("ascii"),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> ColumnProfile:
        """The inverse of `document`."""
        column = cls()
        for name in ("missing", "integral", "fractional", "text"):
            setattr(column, name, document[name])
        if document["moments"]:
            column.moments = Moments(**document["moments"])
        column.categories = Categories.from_document(document["categories"])
        column.sketch = kll_doubles_sketch.deserialize(base64.b64decode(document["sketch"]))
        return column

    def _add_numbers(self, values: pa.Array, *, whole: bool) -> None:
        rows = len(values)
        if values.null_count:
            values = values.drop_null()
        if not pa.types.is_float64(values.type):
            # integers beyond 2^53 become the nearest double
            values = values.cast(pa.float64(), safe=False)
        numbers = self._add_finite(values.to_numpy(zero_copy_only=False))
        self.missing += rows - numbers
        if whole:
            self.integral += numbers
        else:
            self.fractional += numbers

    def _add_finite(self, numbers: Floats) -> int:
        part = Moments.of(numbers)
        if not np.isfinite(part.minimum + part.maximum) and part.count:
            # the range shows NaN and infinities, unless two huge finite ends add up to one
            numbers = numbers[np.isfinite(numbers)]
            part = Moments.of(numbers)
        self.moments.merge(part)
        # DataSketches refuses the read-only views that arrow gives
        self.sketch.update(numbers if numbers.flags.writeable else numbers.copy())
        return len(numbers)

    def _add_texts(self, values: pa.Array, *, category: bool = False) -> None:
        self.missing += values.null_count
        encoded = values.drop_null()
        if not len(encoded):
            return
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        different = encoded.dictionary
        places = encoded.indices.to_numpy(zero_copy_only=False)
        counts = np.bincount(places, minlength=len(different))
        texts = different.to_pylist()
        if category:
            self.categories.add(map(_category, texts), counts.tolist())
            self.text += len(encoded)
            return
        self.categories.add(texts, counts.tolist())
        trimmed = pc.utf8_trim_whitespace(different)
        whole = pc.match_substring_regex(trimmed, _INTEGRAL).to_numpy(zero_copy_only=False)
        broken = pc.match_substring_regex(trimmed, _FRACTIONAL).to_numpy(zero_copy_only=False)
        numeric = whole | broken
        self.text += int(counts[~numeric].sum())
        if numeric.any():
            parsed = np.full(len(different), np.nan)
            written = pc.utf8_ltrim(trimmed.filter(pa.array(numeric)), "+")
            parsed[numeric] = written.cast(pa.float64()).to_numpy(zero_copy_only=False)
            finite = np.isfinite(parsed)
            self.integral += int(counts[whole & finite].sum())
            self.fractional += int(counts[broken & finite].sum())
            self.missing += int(counts[numeric & ~finite].sum())
            self._add_finite(parsed[places[finite[places]]])


def _category(text: str) -> str:
    """Whole numbers without a fraction: CSV says 1 where JSON says 1.0."""
    whole = re.fullmatch(r"\s*([+-]?\d+)(\.0*)?\s*", text)
    return str(int(whole[1])) if whole else text
