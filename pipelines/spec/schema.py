"""The schema of a pipeline's records: what producers send and what the lake's table holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import model_validator

from pipelines.spec.base import Spec, refusal, within
from pipelines.spec.broken import broken_examples
from pipelines.spec.record import Field

# what each role is the name of
_ROLES = {
    "id_field": ("string",),
    "series_field": ("string",),
    "time_field": ("timestamp",),
    "label_field": ("integer", "number"),
    "text_field": ("string",),
}


class RecordSchema(Spec):
    """Fields are required unless they say otherwise; arrays become flat columns.

    A record is known by its `id_field`, or, if it is a point of a time series, by `series_field`
    and `time_field` together. Without a `label_field` the records have none. `text_field` is what
    a script reads as text; all other features are numbers. Nothing but the fields reaches the
    lake. `record_kb` is the largest record in KiB, counted on the bytes that a producer sends.
    """

    id_field: str | None = None
    label_field: str | None = None
    series_field: str | None = None
    time_field: str | None = None
    text_field: str | None = None
    record_kb: Annotated[int, within("firehose.record_kb")]
    fields: tuple[Field, ...]

    @model_validator(mode="after")
    def _check_fields(self) -> RecordSchema:
        names = [field.name for field in self.fields]
        columns = Counter(column for field in self.fields for column in field.columns)
        twice = [column for column, count in columns.items() if count > 1]
        if twice:
            raise refusal(
                twice[0],
                rule="two fields give the same column",
                source="AWS Glue developer guide, tables",
                remedy="rename one of them",
            )
        if (self.series_field is None) != (self.time_field is None) or (
            (self.id_field is None) == (self.series_field is None)
        ):
            raise refusal(
                self.id_field,
                rule="a record is known either by id_field, or by series_field and time_field",
                source="pipelines.spec.RecordSchema",
                remedy="give id_field alone, or the other two",
            )
        for role, types in _ROLES.items():
            self._check_role(role, types, names)
        for field in self.fields:
            if not field.is_number and field.name not in (*self.identity_fields, self.text_field):
                raise refusal(
                    field.name,
                    rule="features are numbers: RecordIO-protobuf carries float32 tensors",
                    source="SageMaker developer guide, common data formats",
                    remedy="encode it as a number, name it as text_field, or leave it out",
                )
            if field.optional and field.name != self.label_field:
                raise refusal(
                    field.name,
                    rule="only the label may be missing: it may become known later, or never",
                    source="pipelines.spec.RecordSchema",
                    remedy="make it required",
                )
        if not self.feature_columns and self.text_field is None:
            raise refusal(
                tuple(names),
                rule="there is no feature next to what records are known by, and the label",
                source="pipelines.spec.RecordSchema",
                remedy="add a field",
            )
        return self

    def _check_role(self, role: str, types: tuple[str, ...], names: list[str]) -> None:
        name = getattr(self, role)
        if name is None:
            return
        if name not in names:
            raise refusal(
                name,
                rule=f"{role} must be one of the fields",
                source="pipelines.spec.RecordSchema",
                remedy=f"use one of {', '.join(names)}",
            )
        field = self.field(name)
        if field.length is not None or field.type not in types:
            raise refusal(
                name,
                rule=f"{role} must be a single {' or '.join(types)}",
                source="pipelines.spec.RecordSchema",
                remedy=f'give it type "{types[0]}" and no length',
            )

    @property
    def identity_fields(self) -> tuple[str, ...]:
        """The fields that a record is known by."""
        known_by = (self.id_field, self.series_field, self.time_field)
        return tuple(name for name in known_by if name is not None)

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises:
            KeyError: there is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The flat columns of the lake's table, in order, each with its Glue type."""
        return tuple((column, field.glue_type) for field in self.fields for column in field.columns)

    def field_names(self) -> tuple[str, ...]:
        """The fields of a record, in order."""
        return tuple(field.name for field in self.fields)

    def flat_columns(self) -> tuple[str, ...]:
        """The names of the flat columns, in order."""
        return tuple(column for column, _ in self.columns)

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The flat columns that are neither label nor text nor what records are known by."""
        others = (*self.identity_fields, self.label_field, self.text_field)
        return tuple(
            column for field in self.fields if field.name not in others for column in field.columns
        )

    @property
    def classes(self) -> int | None:
        """How many integer labels there are, or None if the label is not a bounded integer."""
        if self.label_field is None:
            return None
        label = self.field(self.label_field)
        if label.type != "integer" or label.minimum is None or label.maximum is None:
            return None
        return int(label.maximum - label.minimum) + 1

    def transform_schema(self) -> str:
        """The schema as the transform function reads it: compact JSON, always the same text."""
        fields = [
            {key: _plain(value) for key, value in field.model_dump(exclude_defaults=True).items()}
            for field in self.fields
        ]
        return json.dumps(
            {
                "identity_fields": self.identity_fields,
                "record_kb": self.record_kb,
                "fields": fields,
            },
            separators=(",", ":"),
        )

    def problem(self, record: object) -> str | None:
        """What is wrong with a record, in one line, or None."""
        if not isinstance(record, Mapping):
            return "the record must be a JSON object"
        for field in self.fields:
            if field.name not in record and not field.optional:
                return f"{field.name}: missing"
            problem = field.problem(record.get(field.name))
            if problem is not None:
                return problem
        return None

    def record_from_row(self, row: Mapping[str, str]) -> dict[str, Any]:
        """A record from a CSV row with the flat columns; columns it does not know are left out.

        Values out of range pass: refusing them is the transform's work, which keeps account.

        Raises:
            ValueError: a column is missing or a cell is not the number it should be.
        """
        record: dict[str, Any] = {}
        for field in self.fields:
            values: list[Any] = []
            for column in field.columns:
                cell = row.get(column)
                if field.optional and not cell:
                    values.append(None)
                    continue
                if cell is None:
                    raise ValueError(f"column {column} is missing; a row needs {self._columns}")
                try:
                    values.append(field.parse(cell))
                except ValueError:
                    raise ValueError(
                        f"column {column}: {cell!r} is not {field.value_rule}"
                    ) from None
            record[field.name] = values[0] if field.length is None else values
        return record

    def broken_examples(self, good: Mapping[str, Any]) -> list[tuple[str, bytes]]:
        """Records broken on purpose, one of each kind; see pipelines.spec.broken."""
        return broken_examples(self, good)

    @property
    def _columns(self) -> str:
        return ", ".join(
            field.name if field.length is None else f"{field.columns[0]} to {field.columns[-1]}"
            for field in self.fields
        )


def _plain(value: object) -> object:
    """Whole floats as integers, so that the JSON reads 16 and not 16.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
