"""SNS: an endpoint that cannot take a message costs it, or it goes to the subscription's queue."""

from __future__ import annotations

import json
import logging
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.sns.models import Subscription
from moto.sqs.models import sqs_backends

from penstock.localcloud.shims.patches import Patches

log = logging.getLogger(__name__)


# what moto raises when a queue or a function is not there
_GONE = (ServiceException, JsonRESTError)


def install(patches: Patches) -> None:
    """A failed delivery leaves Publish and the other subscriptions alone.

    SNS developer guide, "Amazon SNS dead-letter queues": a queue or function that is gone is a
    client-side error, which is not retried; with a RedrivePolicy the message goes to its queue.
    moto raises the error to whoever publishes. That the dead-letter queue gets what the endpoint
    would have got, with its envelope, is unconfirmed.
    """

    def publish(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        try:
            stock_publish(self, message, message_id, subject, message_attributes, **more)
        except _GONE as error:
            log.warning("%s: %s cannot take a message: %s", self.topic.arn, self.endpoint, error)
            if not self.attributes.get("RawMessageDelivery"):
                envelope = self.get_post_data(message, message_id, subject, message_attributes)
                message = json.dumps(envelope)
            _redrive(self, message)

    stock_publish = patches.replace(Subscription, "publish", publish)


def _redrive(subscription: Any, body: str) -> None:
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    if not policy:
        return
    queue_arn = str(policy["deadLetterTargetArn"])
    _, _, _, region, account_id, name = queue_arn.split(":")
    try:
        sqs_backends[account_id][region].send_message(name, body)
    except _GONE as error:
        log.error("%s: dead-letter queue %s: %s: %s", subscription.arn, queue_arn, error, body)
