"""Listens to the alerts of a stage during a run, by a queue of its own that is gone after it."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from types import TracebackType

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.points import Key, moment
from penstock.scenario.queues import take


class AlertListener:
    """A subscription of the alerts topic."""

    def __init__(self, aws: Aws, stage: Stage) -> None:
        self._sqs, self._sns = aws.client("sqs"), aws.client("sns")
        self._topic = stage["AlertsTopicArn"]
        self._name = f"{stage.pipeline}-{stage.environment}-run-{uuid.uuid4().hex[:12]}"
        self._keys: set[Key] = set()
        self._undo = ExitStack()

    def __enter__(self) -> AlertListener:
        with ExitStack() as undo:
            self._subscribe(undo)
            self._undo = undo.pop_all()
        return self

    def _subscribe(self, undo: ExitStack) -> None:
        self._url = self._sqs.create_queue(
            QueueName=self._name, Attributes={"SqsManagedSseEnabled": "true"}
        )["QueueUrl"]
        undo.callback(self._sqs.delete_queue, QueueUrl=self._url)
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": self._topic}},
                }
            ],
        }
        self._sqs.set_queue_attributes(
            QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)}
        )
        subscription = self._sns.subscribe(
            TopicArn=self._topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        undo.callback(self._sns.unsubscribe, SubscriptionArn=subscription)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    def look(self) -> set[Key]:
        """Take what has come; the points that were alerted of until now.

        The topic also carries what the pipeline's machines say: those are no points.
        """
        for body in take(self._sqs, self._url):
            alert = json.loads(body) if body.startswith("{") else {}
            if "series" in alert and "score" in alert:
                self._keys.add((alert["series"], moment(alert["timestamp"])))
        return self._keys
