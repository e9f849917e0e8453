"""Makes records that do not fit a Glue table, for a fault."""

from __future__ import annotations

import json
from dataclasses import replace

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
    thing = (stream_arn, record.record_id)
    faults.happened(FAULT, "record with text for a number", to=[thing])
    return replace(record, data=misfit(record.data))


def misfit(data: bytes) -> bytes:
    """The JSON object with text for its last number; cut short if it has none, or is none."""
    try:
        document = json.loads(data)
    except ValueError:
        return data[: len(data) // 2]
    fields = document.items() if isinstance(document, dict) else ()
    numbers = [name for name, value in fields if isinstance(value, int | float)]
    if not numbers:
        return data[: len(data) // 2]
    return json.dumps({**document, numbers[-1]: "no number"}).encode() + b"\n"
