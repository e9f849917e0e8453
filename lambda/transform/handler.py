"""Firehose transform: checks each JSON record against the pipeline's schema and flattens it.

Settings come from one environment variable, RECORD_SCHEMA, a JSON object:

    {"identity_fields": ["id"], "record_kb": 8, "fields": [
        {"name": "id", "type": "string"},
        {"name": "pixels", "type": "number", "length": 64, "minimum": 0, "maximum": 16},
        {"name": "label", "type": "integer", "minimum": 0, "maximum": 9, "optional": true}]}

A record must be one JSON object in UTF-8 of at most `record_kb` KiB with every field that is not
optional: strings, timestamps (ISO 8601, UTC unless they name a zone), finite numbers, or integers
that fit 64 bits (a boolean is not a number, what a record is known by is not empty); an array has
exactly `length` items. Timestamps go on in UTC, with a Z. Fields that the schema does not name are
left out and do not fail the record: producers add fields before consumers know them. The output is
one flat JSON object per record (pixels_0 ... pixels_63) and a newline. No record is ever "Dropped":
what does not fit is "ProcessingFailed", so that Firehose keeps its bytes under the error prefix.

The answer to Firehose must stay below 6 MB (AWS Lambda quotas, synchronous payload). Flattening
makes records larger (about four times for 64 small numbers), so keep the processor's buffer at
1 MB or less; records that would not fit into the answer any more fail with that reason, which
keeps the rest of the batch.

What is printed goes to the function's log group, one JSON object per line: "record_failed" with
the record's id, sequence number, SHA-256 and reason, and "batch" with the counts.
"""

import base64
import binascii
import hashlib
import json
import math
import os
from datetime import UTC, datetime
from typing import Any

RESPONSE_LIMIT_BYTES = 6_000_000  # below 6 MB however the limit is counted
ENTRY_BYTES = 128  # what one answer takes beside its data and its record id
INTEGER_LIMIT = 2**63
TYPES = {"string", "timestamp", "number", "integer"}


class RecordError(Exception):
    """Why a record cannot go on; the text is the reason in the log."""


class Schema:
    """What a record must look like."""

    def __init__(self, text: str) -> None:
        """`text` is the value of RECORD_SCHEMA; ValueError when it is not a schema."""
        document = json.loads(text)
        try:
            self.identity_fields: list[str] = document["identity_fields"]
            self.record_bytes = int(document["record_kb"] * 1024)
            self.fields: list[dict[str, Any]] = document["fields"]
            names = [field["name"] for field in self.fields]
            types = {field["type"] for field in self.fields}
        except (KeyError, TypeError) as error:
            raise ValueError(f"RECORD_SCHEMA lacks {error}") from error
        if not types <= TYPES:
            raise ValueError(f"RECORD_SCHEMA: a type is {', '.join(sorted(TYPES))}, not {types}")
        for name in self.identity_fields:
            if name not in names:
                raise ValueError(f"RECORD_SCHEMA: identity field {name!r} is not among the fields")

    def flatten(self, raw: bytes) -> dict[str, Any]:
        """The flat object of one record's bytes. RecordError says what is wrong with them."""
        record = parse(raw, self.record_bytes)
        flat: dict[str, Any] = {}
        for field in self.fields:
            name = field["name"]
            value = record.get(name)
            if value is None and field.get("optional"):
                continue  # a column without a value is null in the lake
            if name not in record:
                raise RecordError(f"field {name!r} is missing")
            if "length" not in field:
                flat[name] = checked(value, field, name)
                continue
            if not isinstance(value, list):
                raise RecordError(f"field {name!r} must be an array, not {kind(value)}")
            if len(value) != field["length"]:
                raise RecordError(
                    f"field {name!r} must have {field['length']} items, not {len(value)}"
                )
            for index, item in enumerate(value):
                flat[f"{name}_{index}"] = checked(item, field, f"{name}[{index}]")
        for name in self.identity_fields:
            if flat[name] == "":
                raise RecordError(f"field {name!r} must not be empty")
        return flat


def parse(raw: bytes, limit_bytes: int) -> dict[str, Any]:
    """The JSON object in `raw`. RecordError when there is none."""
    if not raw.strip():
        raise RecordError("the record is empty")
    if len(raw) > limit_bytes:
        raise RecordError(f"the record has {len(raw)} bytes, more than {limit_bytes}")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RecordError("the record is not UTF-8 text") from None
    try:
        record = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"the record is not JSON: {str(error)[:120]}") from None
    if not isinstance(record, dict):
        raise RecordError(f"the record must be a JSON object, not {kind(record)}")
    return record


def refuse_constant(name: str) -> None:
    """JSON has no NaN and no Infinity, Python's parser has."""
    raise ValueError(f"{name} is not a JSON number")


def checked(value: Any, field: dict[str, Any], where: str) -> Any:
    """`value` if it is what `field` says; RecordError otherwise."""
    expected = field["type"]
    if expected in ("string", "timestamp"):
        if not isinstance(value, str):
            raise RecordError(f"field {where!r} must be a string, not {kind(value)}")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise RecordError(f"field {where!r} has half of a surrogate pair, which is no text")
        return value if expected == "string" else utc(value, where)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RecordError(f"field {where!r} must be a {expected}, not {kind(value)}")
    if isinstance(value, int):
        if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
            raise RecordError(f"field {where!r} does not fit into 64 bits")
    elif expected == "integer":
        raise RecordError(f"field {where!r} must be an integer, not {value!r}")
    elif not math.isfinite(value):
        raise RecordError(f"field {where!r} is too large for a number")
    if "minimum" in field and value < field["minimum"]:
        raise RecordError(f"field {where!r} must be at least {field['minimum']}, not {value!r}")
    if "maximum" in field and value > field["maximum"]:
        raise RecordError(f"field {where!r} must be at most {field['maximum']}, not {value!r}")
    return value


def utc(text: str, where: str) -> str:
    """A time in UTC, ending with Z; RecordError if the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RecordError(f"field {where!r} must be an ISO 8601 time, not {text[:40]!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise RecordError(f"field {where!r} is a time before or after all years") from None


def kind(value: Any) -> str:
    """JSON's name for the type of a Python value."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def say(**line: Any) -> None:
    """One JSON object per line in the function's log."""
    print(json.dumps(line), flush=True)


def transformed(data: str, schema: Schema) -> tuple[str | None, bytes, str | None]:
    """The base64 answer for a record's base64 data, the raw bytes, and the reason if it failed."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None, b"", "the data are not base64"
    try:
        flat = schema.flatten(raw)
    except RecordError as error:
        return None, raw, str(error)
    line = json.dumps(flat, separators=(",", ":")) + "\n"
    return base64.b64encode(line.encode()).decode("ascii"), raw, None


def handle(
    event: dict[str, Any], schema: Schema, limit_bytes: int = RESPONSE_LIMIT_BYTES
) -> dict[str, Any]:
    """Firehose's answer for one batch: every record once, in order."""
    records = event["records"]
    # what the answer takes when every record goes back as it came; growth is paid from the rest
    left = limit_bytes - sum(
        len(record.get("data") or "") + len(record["recordId"]) + ENTRY_BYTES for record in records
    )
    answers = []
    failed = 0
    for record in records:
        original = record.get("data") or ""
        output, raw, reason = transformed(original, schema)
        if output is not None:
            growth = len(output) - len(original)
            if growth > left:
                reason = f"the answer to Firehose would exceed {limit_bytes} bytes"
            else:
                left -= max(growth, 0)
        if reason is None:
            answers.append({"recordId": record["recordId"], "result": "Ok", "data": output})
            continue
        failed += 1
        say(
            event="record_failed",
            record_id=record["recordId"],
            sequence_number=(record.get("kinesisRecordMetadata") or {}).get("sequenceNumber"),
            sha256=hashlib.sha256(raw).hexdigest(),
            reason=reason,
        )
        answers.append(
            {"recordId": record["recordId"], "result": "ProcessingFailed", "data": original}
        )
    say(event="batch", records=len(records), ok=len(records) - failed, dropped=0, failed=failed)
    return {"records": answers}


# read once per execution environment; a wrong schema fails every invocation, loudly
SCHEMA = Schema(os.environ["RECORD_SCHEMA"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Entry point: a Firehose transformation event to its answer."""
    return handle(event, SCHEMA)
