"""The JSON documents of event source mappings: events for the function, records of failures."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.workers.event_sources.batches import Batch
from penstock.localcloud.workers.event_sources.records import StreamRecord

# Conditions of an invocation record: the first from the developer guide's example; the second as
# users of the service quote it from their own accounts, no page of the guide names it.
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
RECORD_TOO_OLD = "RecordAgeExceeded"


def stream_event(
    records: Sequence[StreamRecord], *, stream_arn: str, region: str, role_arn: str
) -> str:
    """The event of a Kinesis batch (Lambda developer guide, "Example Kinesis record event")."""
    return json.dumps(
        {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": record.partition_key,
                        "sequenceNumber": record.sequence_number,
                        "data": base64.b64encode(record.data).decode(),
                        "approximateArrivalTimestamp": round(record.arrival.timestamp(), 3),
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"{record.shard_id}:{record.sequence_number}",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": role_arn,
                    "awsRegion": region,
                    "eventSourceARN": stream_arn,
                }
                for record in records
            ]
        }
    )


def queue_event(messages: Sequence[dict[str, Any]], *, queue_arn: str, region: str) -> str:
    """The event of an SQS batch, from messages as ReceiveMessage gives them.

    Source: Lambda developer guide, "Example Amazon SQS message event".
    """
    return json.dumps(
        {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message.get("Attributes", {}),
                    "messageAttributes": {
                        name: _attribute(value)
                        for name, value in message.get("MessageAttributes", {}).items()
                    },
                    "md5OfBody": message["MD5OfBody"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": queue_arn,
                    "awsRegion": region,
                }
                for message in messages
            ]
        }
    )


def failure_record(
    batch: Batch[StreamRecord],
    *,
    condition: str,
    function_arn: str,
    request_id: str,
    response: dict[str, Any] | None,
    stream_arn: str,
    now: datetime,
) -> str:
    """What an on-failure destination gets of a discarded Kinesis batch: where it lies, not it.

    `response` is the responseContext; records that were never sent have none, which no source
    confirms. Source: Lambda developer guide, "Example Amazon SNS and Amazon SQS invocation
    record".
    """
    first, last = batch.records[0], batch.records[-1]
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.invocations,
        }
    }
    if response is not None:
        document["responseContext"] = response
    document |= {
        "version": "1.0",
        "timestamp": _stamp(now),
        "KinesisBatchInfo": {
            "shardId": first.shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _stamp(first.arrival),
            "approximateArrivalOfLastRecord": _stamp(last.arrival),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }
    return json.dumps(document)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "StringValue" in value:
        given["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        given["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return given


def _stamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
