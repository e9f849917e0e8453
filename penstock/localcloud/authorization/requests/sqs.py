"""SQS: queues with their policies, and the key of an encrypted queue."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import Naming, tag_context

_NAMING = Naming(
    prefix="sqs",
    without=frozenset({"ListQueues"}),
    arns=("SourceArn",),
    names={"QueueName": "{}"},
    actions={
        "SendMessageBatch": "SendMessage",
        "DeleteMessageBatch": "DeleteMessage",
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    },
)
# SQS developer guide, "Key management": who sends needs both, who receives needs Decrypt
_KEY_USE = {"sqs:SendMessage": ("GenerateDataKey", "Decrypt"), "sqs:ReceiveMessage": ("Decrypt",)}


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its queue; batches need the single action."""
    url = call.text("QueueUrl")
    name = url.rstrip("/").rsplit("/", 1)[-1]
    queue = name if name.startswith("arn:") else call.arn("sqs", name)
    if not name:
        queue = _NAMING.resource(call)
    action = _NAMING.action(call)
    holder = Holder("queue", queue) if queue != "*" else None
    found = [Access(action, queue, tag_context(call), holder)]
    for use in _KEY_USE.get(action, ()):
        found += key_access(
            use,
            lookups.queue_key(queue),
            call,
            lookups,
            via="sqs",
            encryption_context={"aws:sqs:arn": queue},
        )
    return found
