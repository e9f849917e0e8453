"""Lines of error objects, in the layout that Firehose documents, one JSON object per line.

Layouts: Amazon Data Firehose developer guide (2023-06), "Data transformation failure handling"
and "Record format conversion error handling". Newer copies of the second page call two fields
ErrorCode and ErrorMessage, and an object captured elsewhere in 2026 says lambdaARN: unconfirmed.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from penstock.localcloud.workers.firehose.records import FailedRecord
from penstock.localcloud.workers.firehose.settings import Conversion

PROCESSING_FAILED = "processing-failed"
CONVERSION_FAILED = "format-conversion-failed"


@dataclass(frozen=True)
class Catalog:
    """The table whose schema a conversion used."""

    catalog_id: str
    region: str
    version_id: str
    arn: str


def processing_failed(failed: FailedRecord, function_arn: str) -> bytes:
    """The line for a record that the transformation could not process."""
    return _line(
        {
            "attemptsMade": failed.attempts,
            "arrivalTimestamp": failed.source.arrival_ms,
            "errorCode": failed.code,
            "errorMessage": failed.message,
            "attemptEndingTimestamp": failed.ended_ms,
            "rawData": base64.b64encode(failed.source.data).decode("ascii"),
            "lambdaArn": function_arn,
        }
    )


def conversion_failed(
    failed: FailedRecord, data: bytes, conversion: Conversion, catalog: Catalog
) -> bytes:
    """The line for a record whose `data` (after the transformation) do not fit the table.

    That rawData is what the transformation gave, not what came in, is unconfirmed.
    """
    return _line(
        {
            "attemptsMade": failed.attempts,
            "arrivalTimestamp": failed.source.arrival_ms,
            "lastErrorCode": failed.code,
            "lastErrorMessage": failed.message,
            "attemptEndingTimestamp": failed.ended_ms,
            "rawData": base64.b64encode(data).decode("ascii"),
            "sequenceNumber": failed.source.sequence_number,
            "subSequenceNumber": 0,
            "dataCatalogTable": {
                "catalogId": catalog.catalog_id,
                "databaseName": conversion.database,
                "tableName": conversion.table,
                "region": catalog.region,
                "versionId": catalog.version_id,
                "catalogArn": catalog.arn,
            },
        }
    )


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
