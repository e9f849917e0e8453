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
        """Hand everything over, a series' scores in order. OutletError if Firehose leaves some."""
        full = [outbox for outbox in outboxes if outbox]
        self._put([line(score) for outbox in full for score in outbox.scores])
        for outbox in full:
            for alert in outbox.alerts:
                self._sns.publish(
                    TopicArn=self._topic_arn, Subject=self._subject, Message=json.dumps(alert)
                )
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
        for start in range(0, len(lines), RECORDS_PER_PUT):
            left = [{"Data": data} for data in lines[start : start + RECORDS_PER_PUT]]
            for attempt in range(PUTS):
                answer = self._firehose.put_record_batch(
                    DeliveryStreamName=self._delivery_stream, Records=left
                )
                if not answer["FailedPutCount"]:
                    break
                results = answer["RequestResponses"]
                left = [
                    record
                    for record, result in zip(left, results, strict=True)
                    if "ErrorCode" in result
                ]
                self._sleep(0.1 * 2**attempt)
            else:
                raise OutletError(f"{self._delivery_stream} did not take {len(left)} scores")

    def _send(self, message: dict[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))


def line(score: dict[str, Any]) -> bytes:
    """One JSON line of the lake."""
    return json.dumps(score, separators=(",", ":")).encode() + b"\n"
