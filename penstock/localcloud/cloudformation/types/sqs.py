"""AWS::SQS: queues and queue policies."""

from __future__ import annotations

from penstock.localcloud.cloudformation.intrinsics import text_of
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag
from penstock.localcloud.cloudformation.types.policy_on_resources import PolicyOnResources
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=80)
_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
# SetQueueAttributes names (botocore 1.44.5 sqs), each with SQS's default
_ATTRIBUTES = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(Handler):
    """Ref is the queue's URL; attributes Arn, QueueName and QueueUrl."""

    type = "AWS::SQS::Queue"
    life = Life.LIVE
    kept_only = {
        "KmsMasterKeyId": "nothing is encrypted here",
        "SqsManagedSseEnabled": "nothing is encrypted here",
    }
    properties = frozenset({*_ATTRIBUTES, "FifoQueue", "QueueName", "Tags"})
    replace_on = frozenset({"FifoQueue", "QueueName"})
    name_property = "QueueName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateQueue."""
        fifo = text_of(properties.get("FifoQueue", False)) == "true"
        name = properties.get("QueueName") or context.name(_NAME)
        if fifo and not name.endswith(".fifo"):
            name = name[:75] + ".fifo"
        attributes = {key: self._text(properties, key) for key in _ATTRIBUTES if key in properties}
        if fifo:
            attributes["FifoQueue"] = "true"
        url = context.client("sqs").create_queue(
            QueueName=name, Attributes=attributes, tags=tag_map(properties)
        )["QueueUrl"]
        name = url.rsplit("/", 1)[1]
        return Created(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Attributes and tags change in place."""
        sqs = context.client("sqs")
        attributes = {
            key: self._text(new, key) if key in new else default
            for key, default in _ATTRIBUTES.items()
            if changed(old, new, key)
        }
        if attributes:
            sqs.set_queue_attributes(QueueUrl=physical_id, Attributes=attributes)
        retag(
            sqs, old, new, tag="tag_queue", untag="untag_queue", written=dict, QueueUrl=physical_id
        )

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteQueue with its messages."""
        ignoring(_GONE, context.client("sqs").delete_queue, QueueUrl=physical_id)

    @staticmethod
    def _text(properties: Properties, key: str) -> str:
        value = properties[key]
        return document(value) if isinstance(value, dict) else text_of(value)


class QueuePolicy(PolicyOnResources):
    """One policy for one or more queues."""

    type = "AWS::SQS::QueuePolicy"
    properties = frozenset({"PolicyDocument", "Queues"})
    required = properties
    bearers = "Queues"

    def put(self, context: ResourceContext, bearer: str, policy: str) -> None:
        """SetQueueAttributes Policy."""
        context.client("sqs").set_queue_attributes(QueueUrl=bearer, Attributes={"Policy": policy})

    def reset(self, context: ResourceContext, bearer: str) -> None:
        """The queue has no policy any more."""
        ignoring(
            _GONE,
            context.client("sqs").set_queue_attributes,
            QueueUrl=bearer,
            Attributes={"Policy": ""},
        )
