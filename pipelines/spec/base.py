"""The base of the vocabulary: frozen models whose refusals say what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from penstock.catalog.limits import limit


def refusal(value: object, *, rule: str, source: str, remedy: str) -> ValueError:
    """The error for a value that AWS, or the pipeline as a whole, would not accept.

    The field's name is added by `refusal_lines`, which knows where in the description it is.
    """
    return ValueError(f"{value!r}: {rule} ({source}); {remedy}")


def advice(value: object, *, place: str, rule: str, source: str, remedy: str) -> str:
    """The line for a value that AWS takes and that is not wise; `place` is the field's name."""
    return f"{place}: {value!r}: {rule} ({source}); {remedy}"


def within(name: str) -> AfterValidator:
    """Bounds a number by a limit of the catalog, such as 'kinesis.retention_hours'."""
    bound = limit(name)

    def check(value: float) -> float:
        if not bound.allows(value):
            raise refusal(
                value, rule=bound.rule, source=bound.citation, remedy=f"use {bound.bounds}"
            )
        return value

    return AfterValidator(check)


def matching(pattern_name: str, accepts: Callable[[str], bool], source: str) -> AfterValidator:
    """Accepts a string that fits; `pattern_name` says in words what fits."""

    def check(value: str) -> str:
        if not accepts(value):
            raise refusal(
                value, rule=f"must be {pattern_name}", source=source, remedy="use such a name"
            )
        return value

    return AfterValidator(check)


class Spec(BaseModel):
    """A part of a pipeline's description: immutable, and closed to fields that do not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_fields(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name in data:
                if name not in cls.model_fields:
                    close = difflib.get_close_matches(str(name), cls.model_fields, n=1)
                    remedy = f"did you mean {close[0]}?" if close else "leave it out"
                    raise refusal(
                        name,
                        rule=f"{cls.__name__} has no such field; "
                        f"it has {', '.join(cls.model_fields)}",
                        source=f"pipelines.spec.{cls.__name__}",
                        remedy=remedy,
                    )
        return data
