"""Sends what could not be delivered to a dead-letter queue or topic, with the reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.localcloud.clients import ClientFactory


def send_dead_letter(
    clients: ClientFactory,
    role_arn: str,
    target_arn: str,
    body: str,
    attributes: Mapping[str, str | int],
) -> None:
    """Send as the role; numbers become attributes of type Number.

    ValueError unless the target is a queue or a topic; ClientError and BotoCoreError come from
    its service.
    """
    values: dict[str, Any] = {
        name: {
            "DataType": "Number" if isinstance(value, int) else "String",
            "StringValue": str(value),
        }
        for name, value in attributes.items()
    }
    service = target_arn.split(":")[2]
    if service == "sqs":
        sqs = clients.for_role(role_arn, "sqs")
        url = sqs.get_queue_url(QueueName=target_arn.rsplit(":", 1)[1])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)
    elif service == "sns":
        clients.for_role(role_arn, "sns").publish(
            TopicArn=target_arn, Message=body, MessageAttributes=values
        )
    else:
        raise ValueError(f"dead letters go to queues and topics, not to {target_arn}")
