"""Makes records that do not fit a Glue table, for a fault."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.firehose.records import OutputRecord

FAULT = "conversion-fails"


def with_misfits(
    faults: Faults, records: list[OutputRecord], stream_arn: str
) -> list[OutputRecord]:
    """The records, those among them that are to fail the conversion made so that they do."""
    if faults.value(FAULT) is None:
        return records
    return [
        record if faults.due(FAULT) is None else _hit(faults, record, stream_arn)
        for record in records
    ]


def _hit(faults: Faults, record: OutputRecord, stream_arn: str) -> OutputRecord:
    thing = (stream_arn, record.source.record_id)
    faults.happened(FAULT, "record whose numbers became text", to=[thing])
    return replace(record, data=misfit(record.data))


def misfit(data: bytes) -> bytes:
    """The JSON object with text where it has numbers; cut short if it has none, or is none."""
    try:
        document = json.loads(data)
    except ValueError:
        return data[: len(data) // 2]
    if not isinstance(document, dict) or not any(map(_is_number, document.values())):
        return data[: len(data) // 2]
    spoiled = {k: "no number" if _is_number(v) else v for k, v in document.items()}
    return json.dumps(spoiled).encode() + b"\n"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
