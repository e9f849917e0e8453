"""Reads what lies in a queue now."""

from __future__ import annotations

from typing import Any

MESSAGES_PER_RECEIVE = 10  # SQS API reference, ReceiveMessage
_HIDDEN_SECONDS = 300  # from others, at most, while a queue is read to its end


def take(sqs: Any, url: str) -> list[str]:
    """The bodies of the messages, which are gone from the queue then."""
    bodies: list[str] = []
    while received := _receive(sqs, url):
        bodies += [message["Body"] for message in received.values()]
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                for place, message in enumerate(received.values())
            ],
        )
    return bodies


def peek(sqs: Any, url: str) -> list[str]:
    """The bodies of the messages, which stay: others see them again at once."""
    seen: dict[str, Any] = {}
    while (received := _receive(sqs, url)).keys() - seen.keys():
        seen |= received
    for message in seen.values():
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    return [message["Body"] for message in seen.values()]


def _receive(sqs: Any, url: str) -> dict[str, Any]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=MESSAGES_PER_RECEIVE, VisibilityTimeout=_HIDDEN_SECONDS
    )
    return {message["MessageId"]: message for message in answer.get("Messages", [])}
