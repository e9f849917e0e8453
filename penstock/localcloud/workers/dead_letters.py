"""Sends what could not be delivered to a dead-letter queue or topic, with the reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.localcloud.clients import ClientFactory


def send_dead_letter(
    clients: ClientFactory,
    role_arn: str,
    by: str,
    target_arn: str,
    body: str,
    attributes: Mapping[str, str | int],
) -> None:
    """Send as the role, which service `by` assumes; numbers become attributes of type Number.

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
        url = queue_url(clients, target_arn)
        sqs = clients.for_role(role_arn, "sqs", by=by)
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)
    elif service == "sns":
        clients.for_role(role_arn, "sns", by=by).publish(
            TopicArn=target_arn, Message=body, MessageAttributes=values
        )
    else:
        raise ValueError(f"dead letters go to queues and topics, not to {target_arn}")


def queue_url(clients: ClientFactory, queue_arn: str) -> str:
    """Services know the queues' addresses: no role needs sqs:GetQueueUrl for them."""
    name = queue_arn.rsplit(":", 1)[1]
    return str(clients.deployer("sqs").get_queue_url(QueueName=name)["QueueUrl"])
