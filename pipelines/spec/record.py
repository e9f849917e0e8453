"""One field of a record, and the flat columns that it becomes in the lake."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field as Described
from pydantic import model_validator

from pipelines.spec.base import Spec, matching, refusal

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_GLUE = "AWS Glue developer guide, column names; lower case for Athena"
_INT32 = 2**31

FieldName = Annotated[
    str,
    matching(
        "a lower-case name of letters, digits and _, beginning with a letter, up to 63 long",
        lambda value: _NAME.fullmatch(value) is not None,
        _GLUE,
    ),
]


class Field(Spec):
    """A field of a record: text, a time, a number or an integer, or an array of fixed length.

    A timestamp is ISO 8601; without a zone it is UTC, and the lake has it in UTC. A field that
    is `optional` may be missing or null, and is null in the lake then.
    """

    name: FieldName
    type: Literal["string", "timestamp", "number", "integer"]
    length: Annotated[int, Described(ge=1, le=100_000)] | None = None
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _check_bounds(self) -> Field:
        if not self.is_number and (self.minimum is not None or self.maximum is not None):
            raise refusal(
                self.name,
                rule=f"a {self.type} has no minimum or maximum",
                source="pipelines.spec.Field",
                remedy="drop the bounds or use type number or integer",
            )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise refusal(
                self.minimum,
                rule=f"the minimum of {self.name} is above its maximum {self.maximum:g}",
                source="pipelines.spec.Field",
                remedy="swap them",
            )
        return self

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, of either kind."""
        return self.type in ("number", "integer")

    @property
    def columns(self) -> tuple[str, ...]:
        """Its flat column names: `pixels` of length 64 becomes pixels_0 to pixels_63."""
        if self.length is None:
            return (self.name,)
        return tuple(f"{self.name}_{index}" for index in range(self.length))

    @property
    def glue_type(self) -> str:
        """The type of its columns in the Glue table."""
        if not self.is_number:
            return "string"
        if self.type == "number":
            return "double"
        bounded = self.minimum is not None and self.maximum is not None
        fits = bounded and (self.minimum or 0) >= -_INT32 and (self.maximum or 0) < _INT32
        return "int" if fits else "bigint"

    @property
    def value_rule(self) -> str:
        """What one value may be, in words."""
        article = {
            "string": "a string",
            "timestamp": "an ISO 8601 time, such as 2026-11-22T05:00:00Z",
            "number": "a number",
            "integer": "an integer",
        }[self.type]
        if self.minimum is not None and self.maximum is not None:
            return f"{article} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{article} of {self.minimum:g} or more"
        if self.maximum is not None:
            return f"{article} of {self.maximum:g} or less"
        return article

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value of this field, in one line, or None."""
        if value is None and self.optional:
            return None
        if self.length is None:
            return None if self._fits(value) else f"{self.name}: must be {self.value_rule}"
        if not isinstance(value, list):
            return f"{self.name}: must be an array of {self.length} values"
        if len(value) != self.length:
            return f"{self.name}: must have {self.length} values, has {len(value)}"
        for index, item in enumerate(value):
            if not self._fits(item):
                return f"{self.name}[{index}]: must be {self.value_rule}"
        return None

    def parse(self, text: str) -> str | int | float:
        """One value from a CSV cell.

        Raises:
            ValueError: the cell does not hold a number where one is needed.
        """
        if not self.is_number:
            return text
        try:
            return int(text)
        except ValueError:
            if self.type == "integer":
                raise
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number

    def _fits(self, value: Any) -> bool:
        if self.type == "string":
            return isinstance(value, str) and value != ""
        if self.type == "timestamp":
            return isinstance(value, str) and _is_time(value)
        if isinstance(value, bool) or not isinstance(
            value, int if self.type == "integer" else (int, float)
        ):
            return False
        if not math.isfinite(value):
            return False
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
