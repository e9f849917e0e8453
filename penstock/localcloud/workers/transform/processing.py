"""DataProcessing: what of a record goes to the model, and what is written of its answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.localcloud.workers.transform.selection import (
    NotThereError,
    Selection,
    UnsupportedPathError,
)

CSV = "text/csv"
JSON_TYPES = ("application/json", "application/jsonlines")


class UnsupportedProcessingError(Exception):
    """A DataProcessing that is wrong, or not carried out here; the text names the field."""


class BadRecordError(Exception):
    """A record, or an answer, that cannot be processed."""


@dataclass(frozen=True)
class DataProcessing:
    """Filters and the join, for CSV and JSON lines.

    Source: SageMaker developer guide, batch-transform-data-processing; botocore 1.44.5 sagemaker
    model, DataProcessing.
    """

    input_filter: Selection
    output_filter: Selection
    joins: bool
    is_csv: bool

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> DataProcessing:
        """From CreateTransformJob. UnsupportedProcessingError."""
        settings = request.get("DataProcessing") or {}
        source, output = request["TransformInput"], request["TransformOutput"]
        joins = settings.get("JoinSource") == "Input"
        is_csv = _plain(source.get("ContentType")) == CSV
        try:
            processing = cls(
                Selection.parse(str(settings.get("InputFilter") or "$")),
                Selection.parse(str(settings.get("OutputFilter") or "$")),
                joins,
                is_csv,
            )
        except UnsupportedPathError as error:
            raise UnsupportedProcessingError(f"DataProcessing: {error}") from None
        if processing.changes_input or processing.changes_output:
            _check("TransformInput.ContentType", source.get("ContentType"), (CSV, *JSON_TYPES))
            _check("TransformInput.SplitType", source.get("SplitType"), ("Line",))
        if processing.changes_output:
            kinds = (CSV,) if is_csv else JSON_TYPES
            _check("TransformOutput.Accept", output.get("Accept"), kinds)
            _check("TransformOutput.AssembleWith", output.get("AssembleWith"), ("Line",))
        return processing

    @property
    def changes_input(self) -> bool:
        """Whether the model gets less than the record."""
        return not self.input_filter.is_everything

    @property
    def changes_output(self) -> bool:
        """Whether something else than the model's answer is written."""
        return self.joins or not self.output_filter.is_everything

    def request(self, lines: Sequence[bytes]) -> list[bytes]:
        """The records as the model gets them. BadRecordError."""
        if not self.changes_input:
            return list(lines)
        return [
            self._write(_select(self.input_filter, self._read(line, "record"))) for line in lines
        ]

    def answers(self, lines: Sequence[bytes], body: bytes) -> bytes:
        """What is written for these records when the model answers `body`. BadRecordError."""
        if not self.changes_output:
            return body
        answers = body.splitlines()
        if len(answers) != len(lines):
            raise BadRecordError(f"{len(answers)} answers to {len(lines)} records")
        return b"\n".join(
            self._answer(line, answer) for line, answer in zip(lines, answers, strict=True)
        )

    def _answer(self, line: bytes, answer: bytes) -> bytes:
        result = self._read(answer, "answer")
        if self.joins:
            record = self._read(line, "record")
            if self.is_csv:
                result = [*record, *result]
            elif isinstance(record, dict):
                result = {**record, "SageMakerOutput": result}
            else:
                result = {"SageMakerInput": record, "SageMakerOutput": result}
        return self._write(_select(self.output_filter, result))

    def _read(self, line: bytes, what: str) -> Any:
        try:
            text = line.decode()
            if self.is_csv:
                return next(csv.reader([text], strict=True), [])
            return json.loads(text)
        except (ValueError, csv.Error) as error:
            raise BadRecordError(
                f"the {what} is no {'CSV' if self.is_csv else 'JSON'}: {error}"
            ) from None

    def _write(self, value: Any) -> bytes:
        if not self.is_csv:
            return json.dumps(value).encode()
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return text.getvalue().encode()


def _select(selection: Selection, value: Any) -> Any:
    try:
        return selection.of(value)
    except NotThereError as error:
        raise BadRecordError(str(error)) from None


def _plain(content_type: Any) -> str:
    return str(content_type or "").split(";")[0].strip().lower()


def _check(field: str, value: Any, known: Sequence[str]) -> None:
    if _plain(value) not in [name.lower() for name in known]:
        raise UnsupportedProcessingError(
            f"DataProcessing with {field} {value or 'None'}: use {' or '.join(known)}"
        )
