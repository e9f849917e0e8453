"""Where results go: scores to Firehose, alerts to SNS, what cannot be scored to SQS."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from points import Poison
from series import Outbox

RECORDS_PER_PUT = 500  # Firehose API reference, PutRecordBatch
MESSAGES_PER_PUBLISH = 10  # SNS API reference, PublishBatch; an alert is far below 25 KiB
PUTS = 4
DATA_CHARACTERS = 150_000  # of a poison record; a message has 256 KiB at least (SQS quotas)


class OutletError(Exception):
    """Something could not be handed over; it stays in the outbox."""


class Outlets:
    """Every hand-over may happen again after a crash, with the same content."""

    def __init__(
        self,
        clients: Any,
        *,
        delivery_stream: str,
        topic_arn: str,
        queue_url: str,
        subject: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._firehose, self._sns, self._sqs = clients.firehose, clients.sns, clients.sqs
        self._delivery_stream = delivery_stream
        self._topic_arn = topic_arn
        self._queue_url = queue_url
        self._subject = subject
        self._sleep = sleep

    def deliver(self, outboxes: Iterable[Outbox]) -> None:
        """Hand everything over, a series' scores in order. OutletError if a service leaves some."""
        full = [outbox for outbox in outboxes if outbox]
        self._put([line(score) for outbox in full for score in outbox.scores])
        self._publish([json.dumps(alert) for outbox in full for alert in outbox.alerts])
        for outbox in full:
            for refused in outbox.refused:
                self._send(refused)

    def bury(self, poison: Poison) -> None:
        """A record that is no point goes to the dead-letter queue with its reason."""
        kept = poison.data[:DATA_CHARACTERS]
        self._send(
            {
                "reason": poison.reason,
                "event_id": poison.event_id,
                "partition_key": poison.partition_key,
                "data": kept,
                "is_cut": len(kept) < len(poison.data),
                "sha256_of_data": hashlib.sha256(poison.data.encode()).hexdigest(),
            }
        )

    def _put(self, lines: Sequence[bytes]) -> None:
        def put(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answer = self._firehose.put_record_batch(
                DeliveryStreamName=self._delivery_stream, Records=left
            )
            if not answer["FailedPutCount"]:
                return []
            results = answer["RequestResponses"]
            return [
                record
                for record, result in zip(left, results, strict=True)
                if "ErrorCode" in result
            ]

        entries = [{"Data": data} for data in lines]
        self._hand_over(entries, RECORDS_PER_PUT, put, f"{self._delivery_stream}: scores")

    def _publish(self, messages: Sequence[str]) -> None:
        def publish(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answer = self._sns.publish_batch(
                TopicArn=self._topic_arn, PublishBatchRequestEntries=left
            )
            failed = {entry["Id"] for entry in answer.get("Failed", [])}
            return [entry for entry in left if entry["Id"] in failed]

        entries = [
            {"Id": str(number), "Subject": self._subject, "Message": message}
            for number, message in enumerate(messages)
        ]
        self._hand_over(entries, MESSAGES_PER_PUBLISH, publish, f"{self._topic_arn}: alerts")

    def _hand_over(
        self,
        entries: list[dict[str, Any]],
        at_once: int,
        send: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
        what: str,
    ) -> None:
        """In portions; those that `send` says were not taken are sent again, PUTS times in all."""
        for start in range(0, len(entries), at_once):
            left = entries[start : start + at_once]
            for attempt in range(PUTS):
                left = send(left)
                if not left:
                    break
                self._sleep(0.1 * 2**attempt)
            else:
                raise OutletError(f"{what}: {len(left)} were not taken in {PUTS} attempts")

    def _send(self, message: dict[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))


def line(score: dict[str, Any]) -> bytes:
    """One JSON line of the lake."""
    return json.dumps(score, separators=(",", ":")).encode() + b"\n"
