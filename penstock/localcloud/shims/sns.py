"""SNS: functions get real events, and a lost message goes to the subscription's own queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.sns.models import SNSBackend, Subscription
from moto.sqs.models import sqs_backends

from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sns_attributes import install_attributes

log = logging.getLogger(__name__)


class Handover(Protocol):
    """Whether a service may do something of its own; None if it may."""

    def __call__(
        self,
        by: str,
        source_arn: str,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
    ) -> Decision | None: ...


class _RefusedError(Exception):
    """The endpoint's own policy does not admit the topic."""


# what moto raises when a queue or a function is not there
_GONE = (ServiceException, JsonRESTError, _RefusedError)
# endpoints whose own policy decides, by service: what the topic does and the parameter's name
_ADMITTED = {"sqs": ("SendMessage", "QueueUrl"), "lambda": ("Invoke", "FunctionName")}


def install(patches: Patches, *, refusal: Handover) -> None:
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
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        try:
            admitted(self.topic.arn, self.endpoint)
            if self.protocol == "lambda":
                _invoke(self, message, message_id, subject, message_attributes, **more)
            else:
                stock_publish(self, message, message_id, subject, message_attributes, **more)
        except _GONE as error:
            log.warning("%s: %s cannot take a message: %s", self.topic.arn, self.endpoint, error)
            if not self.attributes.get("RawMessageDelivery"):
                envelope = self.get_post_data(message, message_id, subject, message_attributes)
                message = json.dumps(envelope)
            redrive(self, message)

    def admitted(topic_arn: str, endpoint: str) -> None:
        service = endpoint.split(":")[2] if endpoint.startswith("arn:") else ""
        if service not in _ADMITTED:
            return
        operation, name = _ADMITTED[service]
        denied = refusal("sns.amazonaws.com", topic_arn, service, operation, {name: endpoint})
        if denied is not None:
            raise _RefusedError(denied.line())

    def redrive(subscription: Any, body: str) -> None:
        policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
        if not policy:
            return
        queue_arn = str(policy["deadLetterTargetArn"])
        _, _, _, region, account_id, name = queue_arn.split(":")
        try:
            admitted(subscription.topic.arn, queue_arn)
            sqs_backends[account_id][region].send_message(name, body)
        except _GONE as error:
            log.error("%s: dead-letter queue %s: %s: %s", subscription.arn, queue_arn, error, body)

    def set_attribute(self: Any, arn: str, name: str, value: Any) -> None:
        stock_set(self, arn, name, value)
        policy = self.get_subscription_attributes(arn).get("FilterPolicy")
        if name == "FilterPolicyScope" and policy:
            stock_set(self, arn, "FilterPolicy", policy)  # moto would go on by the old scope

    install_attributes(patches)
    stock_set = patches.replace(SNSBackend, "set_subscription_attributes", set_attribute)
    stock_publish = patches.replace(Subscription, "publish", publish)


def _invoke(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    message_attributes: dict[str, Any] | None,
    message_structure: str | None = None,
    **_fifo: Any,
) -> None:
    """Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"; moto
    would send one topic, one id and one attribute of its own with every message.
    """
    if message_structure == "json":
        message = subscription._parse_message_structure(message, "lambda")
    data = subscription.get_post_data(message, message_id, subject, message_attributes)
    event = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": data["SignatureVersion"],
            "Timestamp": data["Timestamp"],
            "Signature": data["Signature"],
            "SigningCertUrl": data["SigningCertURL"],
            "MessageId": message_id,
            "Message": message,
            "MessageAttributes": data.get("MessageAttributes", {}),
            "Type": "Notification",
            "UnsubscribeUrl": data["UnsubscribeURL"],
            "TopicArn": subscription.topic.arn,
            "Subject": subject,
        },
    }
    region = subscription.endpoint.split(":")[3]
    function = get_backend(subscription.account_id, region).get_function(subscription.endpoint)
    function.invoke(json.dumps({"Records": [event]}), {}, {})
