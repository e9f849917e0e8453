"""The records of a run: a file of the user's or the pipeline's own sample, and some broken ones."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.cli.errors import UsageError

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

RESENT_EVERY = 100  # each hundredth record is sent twice, as producers that retry do


def records_to_send(
    pipeline: Pipeline, *, data: Path | None, count: int | None, broken_count: int
) -> list[bytes]:
    """Good records (some of them twice), with the broken ones spread among them.

    Args:
        pipeline: what the records are for.
        data: a CSV or JSON-lines file with the pipeline's schema; None for its sample.
        count: at most so many good records.
        broken_count: how many broken ones, going round the kinds that the schema can break.

    Raises:
        UsageError: the file cannot be read, or does not have the pipeline's schema.
    """
    good = list(itertools.islice(_good_records(pipeline, data), count))
    if not good:
        raise UsageError(f"{data or 'the sample'} holds no record: there is nothing to send")
    lines = [json.dumps(record, separators=(",", ":")).encode() for record in good]
    sending = [*lines, *lines[::RESENT_EVERY]]
    examples = pipeline.record_schema.broken_examples(good[0])
    broken = [body for _, body in itertools.islice(itertools.cycle(examples), broken_count)]
    step = max(1, len(sending) // (len(broken) + 1))
    for place, body in enumerate(broken):
        sending.insert(min((place + 1) * step + place, len(sending)), body)
    return sending


def _good_records(pipeline: Pipeline, data: Path | None) -> Iterator[dict[str, Any]]:
    if data is None:
        yield from pipeline.sample_records()
        return
    if not data.exists():
        raise UsageError(f"--data {data}: no such file; give a CSV or JSON-lines file")
    try:
        text = data.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--data {data}: cannot be read as UTF-8 text: {error}") from error
    if data.suffix.lower() == ".csv":
        yield from _from_csv(pipeline, data, text)
    else:
        yield from _from_json_lines(pipeline, data, text)


def _from_csv(pipeline: Pipeline, data: Path, text: str) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(text.splitlines())
    columns = pipeline.record_schema.flat_columns()
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UsageError(
            f"--data {data}: column {missing[0]}{more} missing; a CSV for {pipeline.name} has a "
            f"header line with {_abridged(columns)}"
        )
    for row in reader:
        try:
            yield pipeline.record_schema.record_from_row(row)
        except ValueError as error:
            raise UsageError(f"--data {data}, line {reader.line_num}: {error}") from error


def _from_json_lines(pipeline: Pipeline, data: Path, text: str) -> Iterator[dict[str, Any]]:
    names = pipeline.record_schema.field_names()
    for number, line in enumerate(text.splitlines(), start=1):
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
