"""The records of a run: data of the user's or the pipeline's own sample, and some broken ones."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.cli.errors import UsageError
from penstock.datasets import DatasetError, first_points, read_series, reviews

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

RESENT_EVERY = 100  # each hundredth record is sent twice, as producers that retry do


@dataclass(frozen=True)
class Sending:
    """What producers will send, in this order, and in one line where it comes from."""

    records: list[bytes]
    source: str


def records_to_send(
    pipeline: Pipeline, *, data: Path | None, count: int | None, broken_count: int
) -> Sending:
    """Good records (some of them twice), with the broken ones spread among them.

    Args:
        pipeline: what the records are for.
        data: a CSV or JSON-lines file with the pipeline's schema, or, for a pipeline of time
            series, a folder of CSVs, for one of texts an archive or a folder of reviews; None
            for its sample.
        count: at most so many good records; of time series equally many of each, from its start.
        broken_count: how many broken ones, going round the kinds that the schema can break.

    Raises:
        UsageError: the data cannot be read, or do not have the pipeline's schema.
    """
    source, records = _given(pipeline, data)
    good = _first(pipeline, records, count)
    if not good:
        raise UsageError(f"{data or 'the sample'} holds no record: there is nothing to send")
    lines = [json.dumps(record, separators=(",", ":")).encode() for record in good]
    sending = [*lines, *lines[::RESENT_EVERY]]
    examples = pipeline.record_schema.broken_examples(good[0])
    broken = [body for _, body in itertools.islice(itertools.cycle(examples), broken_count)]
    step = max(1, len(sending) // (len(broken) + 1))
    for place, body in enumerate(broken):
        sending.insert(min((place + 1) * step + place, len(sending)), body)
    return Sending(sending, source)


def _given(pipeline: Pipeline, data: Path | None) -> tuple[str, Iterable[dict[str, Any]]]:
    try:
        if data is None:
            sample = pipeline.sample()
            return sample.source, sample.records
        return str(data), _from_data(pipeline, data)
    except DatasetError as error:
        raise UsageError(f"--data {error}" if data else str(error)) from error


def _first(
    pipeline: Pipeline, records: Iterable[dict[str, Any]], count: int | None
) -> list[dict[str, Any]]:
    series_field = pipeline.record_schema.series_field
    if series_field is None or count is None:
        return list(itertools.islice(records, count))
    every = list(records)
    kept = first_points(every, series_field=series_field, count=count)
    if every and not kept:
        names = {str(record[series_field]) for record in every}
        raise UsageError(
            f"--records {count}: there are {len(names)} series, and each sends equally many; "
            f"use {len(names)} or more"
        )
    return kept


def _from_data(pipeline: Pipeline, data: Path) -> Iterable[dict[str, Any]]:
    schema = pipeline.record_schema
    if not data.exists():
        more = ""
        if schema.series_field:
            more = " or a folder of CSVs"
        elif schema.text_field:
            more = f", {reviews.ARCHIVE} or the folder it was unpacked to"
        raise UsageError(f"--data {data}: no such file; give a CSV or JSON-lines file{more}")
    if schema.text_field and (data.is_dir() or data.name.lower().endswith(reviews.ARCHIVES)):
        return reviews.records(data, schema)[1]
    if schema.series_field and (data.is_dir() or data.suffix.lower() == ".csv"):
        return read_series(data, schema)
    if data.is_dir():
        raise UsageError(
            f"--data {data}: a folder, which only pipelines of time series or texts read; "
            f"give a CSV or JSON-lines file for {pipeline.name}"
        )
    return _from_file(pipeline, data)


def _from_file(pipeline: Pipeline, data: Path) -> Iterator[dict[str, Any]]:
    try:
        text = data.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--data {data}: cannot be read as UTF-8 text: {error}") from error
    if data.suffix.lower() == ".csv":
        yield from _from_csv(pipeline, data, text)
    else:
        yield from _from_json_lines(pipeline, data, text)


def _from_csv(pipeline: Pipeline, data: Path, text: str) -> Iterator[dict[str, Any]]:
    # as they stand, for a text in quotes may have lines of its own
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = pipeline.record_schema.flat_columns()
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UsageError(
            f"--data {data}: column {missing[0]}{more} missing; a CSV for {pipeline.name} has a "
            f"header line with {_abridged(columns)}"
        )
    try:
        for row in reader:
            yield pipeline.record_schema.record_from_row(row)
    except ValueError as error:
        raise UsageError(f"--data {data}, line {reader.line_num}: {error}") from error
    except csv.Error as error:  # of a line that was not read to its end
        raise UsageError(f"--data {data}, behind line {reader.line_num}: {error}") from error


def _from_json_lines(pipeline: Pipeline, data: Path, text: str) -> Iterator[dict[str, Any]]:
    names = [field.name for field in pipeline.record_schema.fields if not field.optional]
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UsageError(f"--data {data}, line {number}: not JSON: {error}") from error
        if not isinstance(record, dict):
            raise UsageError(f"--data {data}, line {number}: not a JSON object")
        missing = [name for name in names if name not in record]
        if missing:
            raise UsageError(
                f"--data {data}, line {number}: field {missing[0]} missing; a record of "
                f"{pipeline.name} has {_abridged(names)}"
            )
        yield record


def _abridged(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else ", ".join([*names[:4], "...", names[-1]])
