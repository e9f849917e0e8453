"""Reads what lies in a queue now."""

from __future__ import annotations

from typing import Any

MESSAGES_PER_BATCH = 10  # SQS API reference, ReceiveMessage and ChangeMessageVisibilityBatch
_HIDDEN_SECONDS = 300  # from others, at most, while a queue is read to its end


def take(sqs: Any, url: str) -> list[str]:
    """The bodies of the messages, which are gone from the queue then."""
    bodies: list[str] = []
    while received := _receive(sqs, url):
        bodies += [message["Body"] for message in received.values()]
        sqs.delete_message_batch(QueueUrl=url, Entries=_entries(received))
    return bodies


def peek(sqs: Any, url: str) -> list[str]:
    """The bodies of the messages, which stay: others see them again at once."""
    seen: dict[str, Any] = {}
    is_new = True
    while is_new:
        received = _receive(sqs, url)
        is_new = bool(received.keys() - seen.keys())
        seen |= received  # of a message that came again, only the last receipt is good
    entries = [{**entry, "VisibilityTimeout": 0} for entry in _entries(seen)]
    for start in range(0, len(entries), MESSAGES_PER_BATCH):
        # those that the answer marks as failed are visible already, or gone
        sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=entries[start : start + MESSAGES_PER_BATCH]
        )
    return [message["Body"] for message in seen.values()]


def _receive(sqs: Any, url: str) -> dict[str, Any]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=MESSAGES_PER_BATCH, VisibilityTimeout=_HIDDEN_SECONDS
    )
    return {message["MessageId"]: message for message in answer.get("Messages", [])}


def _entries(messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What a batch request says of messages."""
    return [
        {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
        for place, message in enumerate(messages.values())
    ]
