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


class RecordSchema(Spec):
    """Every field is required; arrays become flat columns; nothing else reaches the lake.

    `record_kb` is the largest record in KiB, counted on the bytes that a producer sends.
    """

    id_field: str
    label_field: str
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
        for role, name in (("id_field", self.id_field), ("label_field", self.label_field)):
            if name not in names:
                raise refusal(
                    name,
                    rule=f"{role} must be one of the fields",
                    source="pipelines.spec.RecordSchema",
                    remedy=f"use one of {', '.join(names)}",
                )
        identity, label = self.field(self.id_field), self.field(self.label_field)
        if identity.length is not None or identity.type != "string":
            raise refusal(
                identity.name,
                rule="the id must be a single string",
                source="pipelines.spec.RecordSchema",
                remedy='give it type "string" and no length',
            )
        if label.length is not None or label.type == "string":
            raise refusal(
                label.name,
                rule="the label must be a single number",
                source="RecordIO-protobuf training format: one float32 label",
                remedy='give it type "integer" or "number" and no length',
            )
        for field in self.fields:
            if field.type == "string" and field.name != self.id_field:
                raise refusal(
                    field.name,
                    rule="features are numbers: RecordIO-protobuf carries float32 tensors",
                    source="SageMaker developer guide, common data formats",
                    remedy="encode it as a number, or leave it out",
                )
        if not self.feature_columns:
            raise refusal(
                tuple(names),
                rule="there is no feature next to id and label",
                source="pipelines.spec.RecordSchema",
                remedy="add a field",
            )
        return self

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
        """The flat columns that are neither id nor label."""
        return tuple(
            column
            for field in self.fields
            if field.name not in (self.id_field, self.label_field)
            for column in field.columns
        )

    @property
    def classes(self) -> int | None:
        """How many integer labels there are, or None if the label is not a bounded integer."""
        label = self.field(self.label_field)
        if label.type != "integer" or label.minimum is None or label.maximum is None:
            return None
        return int(label.maximum - label.minimum) + 1

    def transform_schema(self) -> str:
        """The schema as the transform function reads it: compact JSON, always the same text."""
        fields = [
            {key: _plain(value) for key, value in field.model_dump().items() if value is not None}
            for field in self.fields
        ]
        return json.dumps(
            {"id_field": self.id_field, "record_kb": self.record_kb, "fields": fields},
            separators=(",", ":"),
        )

    def problem(self, record: object) -> str | None:
        """What is wrong with a record, in one line, or None."""
        if not isinstance(record, Mapping):
            return "the record must be a JSON object"
        for field in self.fields:
            if field.name not in record:
                return f"{field.name}: missing"
            problem = field.problem(record[field.name])
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
            values = []
            for column in field.columns:
                cell = row.get(column)
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
