"""AWS::SQS: what SQS says of queues and their policies."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, pairs


class Queue(Reader):
    """A queue's attributes have the template's names."""

    type = "AWS::SQS::Queue"

    def read(self, resource: Deployed) -> Properties:
        """GetQueueAttributes, ListQueueTags."""
        sqs, url = resource.client("sqs"), resource.physical_id
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {
            **answer["Attributes"],
            "QueueName": url.rsplit("/", 1)[1],
            "Tags": pairs(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})),
        }


class QueuePolicy(Reader):
    """The policy of each queue."""

    type = "AWS::SQS::QueuePolicy"

    def read(self, resource: Deployed) -> Properties:
        """GetQueueAttributes of the queues that the template names."""
        sqs = resource.client("sqs")
        policies = {
            url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
            .get("Attributes", {})
            .get("Policy", "")
            for url in resource.asked["Queues"]
        }
        return {"Queues": [url for url in policies if policies[url]], **_the_one(policies)}


def _the_one(policies: dict[str, str]) -> Properties:
    different = sorted(set(policies.values()))
    return {"PolicyDocument": different[0] if len(different) == 1 else different}
