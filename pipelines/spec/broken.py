"""Broken records on purpose: one of each kind that a pipeline has to account for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.spec.record import Field

if TYPE_CHECKING:
    from pipelines.spec.schema import RecordSchema


def broken_examples(schema: RecordSchema, good: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Seven records, each broken in one way, from a good one: the kind and the bytes to send.

    Those that still say what they are known by have a name of their own (`<id>-broken-<n>`), so
    that the transform's log can be searched for it.
    """
    name = schema.identity_fields[0]
    features = [
        f for f in schema.fields if f.name not in (*schema.identity_fields, schema.label_field)
    ]
    feature = next((f for f in features if f.length is not None), features[0])
    bounded = feature if schema.label_field is None else schema.field(schema.label_field)

    def sample(number: int, **changes: Any) -> dict[str, Any]:
        return {**good, name: f"{good[name]}-broken-{number}", **changes}

    missing = sample(2)
    del missing[feature.name]
    padded = _bytes(sample(7)).ljust(schema.record_kb * 1024 + 1)
    return [
        ("not JSON", _bytes(sample(1))[:-1]),
        ("missing field", _bytes(missing)),
        ("wrong type", _bytes(sample(3, **{feature.name: _of_another_type(feature)}))),
        (f"{bounded.name} out of range", _bytes(sample(4, **{bounded.name: _beyond(bounded)}))),
        (f"too many {feature.name}", _bytes(sample(5, **{feature.name: _too_many(feature, good)}))),
        ("empty", b""),
        ("over the size limit", padded),
    ]


def _of_another_type(field: Field) -> Any:
    return "text" if field.is_number else 0


def _beyond(field: Field) -> Any:
    """A value outside the field's range; where the schema gives no range, no number at all."""
    if field.maximum is not None:
        return int(field.maximum) + 1
    return int(field.minimum) - 1 if field.minimum is not None else {}


def _too_many(feature: Field, good: Mapping[str, Any]) -> list[Any]:
    value = good[feature.name]
    return [*value, value[0]] if feature.length is not None else [value, value]


def _bytes(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()
