"""Runs the Lambda processor on a batch and judges its answer record by record.

Sources: Amazon Data Firehose developer guide, "Transform source data", "Required parameters for
data transformation" and the list of Lambda invocation errors of its CloudWatch Logs page. Of the
event, sourceKinesisStreamArn and kinesisRecordMetadata are from AWS's sample event, the texts
for FunctionError and ProcessingFailedStatus from objects and pages seen elsewhere: unconfirmed.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.clock import Clock
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.firehose.records import FailedRecord, OutputRecord, SourceRecord
from penstock.localcloud.workers.firehose.settings import LambdaProcessor

REQUEST_LIMIT_BYTES = 6 * 1024 * 1024  # Lambda's, for a synchronous invocation

_CLIENT_ERROR_CODES = {
    "AccessDeniedException": "Lambda.InvokeAccessDenied",
    "AccessDenied": "Lambda.InvokeAccessDenied",
    "ResourceNotFoundException": "Lambda.ResourceNotFound",
    "TooManyRequestsException": "Lambda.InvokeLimitExceeded",
}
_FUNCTION_ERROR = "The Lambda function was successfully invoked but it returned an error result."
_JSON_ERROR = (
    "There was an error parsing returned records from the Lambda function. Ensure that the "
    "returned records follow the status model required by Kinesis Firehose."
)
_DUPLICATED = (
    "Multiple records were returned with the same record ID. Ensure that the Lambda function "
    "returns unique record IDs for each record."
)
_MISSING = (
    "One or more record IDs were not returned. Ensure that the Lambda function returns all "
    "received record IDs."
)
_MISSING_KEY = "A partition key of the prefix is missing in the record's metadata.partitionKeys."


@dataclass
class Outcome:
    """What became of a batch. `invocation_errors` are (code, message) for the error log."""

    output: list[OutputRecord] = field(default_factory=list)
    dropped: list[SourceRecord] = field(default_factory=list)
    failed: list[FailedRecord] = field(default_factory=list)
    invocation_errors: list[tuple[str, str]] = field(default_factory=list)


class InvocationError(Exception):
    """The function gave no answer; the record of the failure has this code and text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LambdaTransform:
    """One delivery stream's Lambda processor. `client` is a Lambda client of its role."""

    def __init__(
        self,
        client: Any,
        clock: Clock,
        processor: LambdaProcessor,
        *,
        stream_arn: str,
        source_arn: str,
        required_keys: Sequence[str],
        faults: Faults,
    ) -> None:
        self._client = client
        self._clock = clock
        self._processor = processor
        self._stream_arn = stream_arn
        self._source_arn = source_arn
        self._required_keys = required_keys
        self._faults = faults

    def run(self, records: list[SourceRecord]) -> Outcome:
        """Invoke the function with `records`; every one of them is in the outcome once."""
        payload = self._event(records)
        if len(payload) > REQUEST_LIMIT_BYTES and len(records) > 1:
            half = len(records) // 2
            first, second = self.run(records[:half]), self.run(records[half:])
            return Outcome(
                first.output + second.output,
                first.dropped + second.dropped,
                first.failed + second.failed,
                first.invocation_errors + second.invocation_errors,
            )
        attempts = 0
        outcome = Outcome()
        answer = None
        while answer is None:
            attempts += 1
            try:
                answer = self._invoke(payload)
            except InvocationError as error:
                outcome.invocation_errors.append((error.code, error.message))
                if attempts > self._processor.retries:
                    outcome.failed = [
                        self._failed(record, error.code, error.message, attempts)
                        for record in records
                    ]
                    break
        if answer is not None:
            self._judge(records, answer, attempts, outcome)
        self._tell(outcome, attempts)
        return outcome

    def _tell(self, outcome: Outcome, attempts: int) -> None:
        """What became of records whose transform was made to go wrong."""
        for failed in outcome.failed:
            self._faults.came_of(
                [(self._stream_arn, failed.source.record_id)],
                f"record below processing-failed as {failed.code}, attemptsMade {attempts}",
            )
        self._faults.came_of(
            [(self._stream_arn, record.record_id) for record in outcome.output],
            f"record transformed by invocation {attempts}",
        )

    def _event(self, records: list[SourceRecord]) -> bytes:
        event: dict[str, Any] = {
            "invocationId": str(uuid.uuid4()),
            "deliveryStreamArn": self._stream_arn,
            "region": self._stream_arn.split(":")[3],
            "records": [self._event_record(record) for record in records],
        }
        if self._source_arn:
            event["sourceKinesisStreamArn"] = self._source_arn
        return json.dumps(event).encode()

    def _event_record(self, record: SourceRecord) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "recordId": record.record_id,
            "approximateArrivalTimestamp": record.arrival_ms,
            "data": base64.b64encode(record.data).decode("ascii"),
        }
        if self._source_arn:
            entry["kinesisRecordMetadata"] = {
                "sequenceNumber": record.sequence_number,
                "subsequenceNumber": 0,
                "partitionKey": record.partition_key,
                "shardId": record.shard_id,
                "approximateArrivalTimestamp": record.arrival_ms,
            }
        return entry

    def _invoke(self, payload: bytes) -> bytes:
        name, qualifier = _split_version(self._processor.function_arn)
        try:
            answer = self._client.invoke(FunctionName=name, Payload=payload, **qualifier)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise InvocationError(
                _CLIENT_ERROR_CODES.get(code, f"Lambda.{code}"), error.response["Error"]["Message"]
            ) from error
        except BotoCoreError as error:
            raise InvocationError("Lambda.ServiceUnavailable", str(error)) from error
        body: bytes = answer["Payload"].read()
        if "FunctionError" in answer:
            raise InvocationError("Lambda.FunctionError", _FUNCTION_ERROR)
        return body

    def _judge(
        self, records: list[SourceRecord], answer: bytes, attempts: int, outcome: Outcome
    ) -> None:
        try:
            entries = json.loads(answer)["records"]
            counts = Counter(entry["recordId"] for entry in entries)
            by_id = {entry["recordId"]: entry for entry in entries}
        except (ValueError, TypeError, KeyError):
            outcome.invocation_errors.append(("Lambda.JsonProcessingException", _JSON_ERROR))
            code = "Lambda.JsonProcessingException"
            outcome.failed = [self._failed(r, code, _JSON_ERROR, attempts) for r in records]
            return
        for record in records:
            problem = self._place(record, by_id, counts, outcome)
            if problem is not None:
                outcome.failed.append(self._failed(record, *problem, attempts))

    def _place(
        self,
        record: SourceRecord,
        by_id: dict[str, dict[str, Any]],
        counts: Counter[str],
        outcome: Outcome,
    ) -> tuple[str, str] | None:
        """Put the record where its answer says, or say why that cannot be (code and text)."""
        if record.record_id not in by_id:
            return "Lambda.MissingRecordId", _MISSING
        if counts[record.record_id] > 1:
            return "Lambda.DuplicatedRecordId", _DUPLICATED
        entry = by_id[record.record_id]
        result = entry.get("result")
        if result == "ProcessingFailed":
            return "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record"
        if result == "Dropped":
            outcome.dropped.append(record)
            return None
        if result != "Ok":
            return "Lambda.JsonProcessingException", _JSON_ERROR
        try:
            data = base64.b64decode(entry["data"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            return "Lambda.JsonProcessingException", _JSON_ERROR
        given = (entry.get("metadata") or {}).get("partitionKeys") or {}
        keys = tuple((name, str(given[name])) for name in self._required_keys if given.get(name))
        if len(keys) < len(self._required_keys):
            return "DynamicPartitioning.MissingPartitionKey", _MISSING_KEY
        outcome.output.append(OutputRecord.of(record, data, keys))
        return None

    def _failed(self, record: SourceRecord, code: str, message: str, attempts: int) -> FailedRecord:
        ended_ms = int(self._clock.now().timestamp() * 1000)
        return FailedRecord(record, code, message, attempts, ended_ms)


def _split_version(function_arn: str) -> tuple[str, dict[str, str]]:
    """A function's ARN without the version or alias at its end, and that as a parameter."""
    parts = function_arn.split(":")
    if len(parts) == 8:
        return ":".join(parts[:7]), {"Qualifier": parts[7]}
    return function_arn, {}
