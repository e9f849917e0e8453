"""A mapping of an SQS queue: receives batches as the function's role, deletes what succeeded."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.dead_letters import queue_url
from penstock.localcloud.workers.event_sources.account import Account
from penstock.localcloud.workers.event_sources.attendant import Again, Attendant
from penstock.localcloud.workers.event_sources.documents import queue_event
from penstock.localcloud.workers.event_sources.functions import Functions, NotInvokedError, reason
from penstock.localcloud.workers.event_sources.responses import failed_items
from penstock.localcloud.workers.event_sources.settings import MappingSettings

log = logging.getLogger(__name__)

_RECEIVE_LIMIT = 10  # SQS API reference, ReceiveMessage
_LAST_INVOCATION_SECONDS = 10.0
# messages that somebody else holds, or a delay: nobody tells when they come back
_LONG_POLL_SECONDS = 20.0


class QueueMapping:
    """One batch at a time. Messages of a failed batch stay in the queue and come back when their
    visibility timeout is over (Lambda developer guide, "Backoff strategy for failed
    invocations"); the queue's redrive policy gives them up.
    """

    def __init__(
        self, context: CloudContext, settings: MappingSettings, functions: Functions
    ) -> None:
        self.settings = settings
        self.account = Account()
        self._functions = functions
        self._clients = context.clients
        self._clock = context.clock
        self._region = context.region
        self._queue_url = ""
        self._stopped = False
        self._gathered: list[dict[str, Any]] = []
        self._gathered_since = context.clock.now()
        self._back_at: list[datetime] = []  # when messages of failed batches are visible again
        self._attendant = Attendant(
            context.clock, f"event source {settings.source_arn}", self._work
        )

    def open(self) -> None:
        """ClientError when the function's role may not see the queue."""
        self._visibility_seconds(self._sqs())

    def wake(self) -> None:
        """A message came into the queue."""
        self._attendant.wake()

    def change(self, settings: MappingSettings) -> None:
        """Go on by these settings."""
        self.settings = settings
        self._attendant.wake()

    def stop(self) -> None:
        """The batch under way is the last one; gathered messages go back to the queue in time."""
        self._stopped = True
        self._attendant.stop()

    def join(self) -> None:
        """Wait for the batch under way, but not for long."""
        self._attendant.join(_LAST_INVOCATION_SECONDS)

    def _sqs(self) -> Any:
        role = self._functions.role_of(self.settings.function_arn)
        return self._clients.for_role(
            role, "sqs", by="lambda.amazonaws.com", source_arn=self.settings.function_arn
        )

    def _visibility_seconds(self, sqs: Any) -> int:
        if not self._queue_url:
            self._queue_url = queue_url(self._clients, self.settings.source_arn)
        attributes = sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["VisibilityTimeout"]
        )
        return int(attributes["Attributes"]["VisibilityTimeout"])

    def _work(self) -> Again | None:
        try:
            while not self._stopped and self.settings.enabled:
                settings, sqs = self.settings, self._sqs()
                visibility = self._visibility_seconds(sqs)
                self._gather(sqs, settings)
                if not self._gathered:
                    return self._next_look()
                due = self._gathered_since + timedelta(seconds=settings.window_seconds)
                now = self._clock.now()
                if len(self._gathered) < settings.batch_size and now < due:
                    return Again((due - now).total_seconds())
                batch, self._gathered = self._gathered, []
                self._send(sqs, settings, batch, visibility)
        except (ClientError, BotoCoreError, NotInvokedError) as error:
            log.warning("event source %s: %s", self.settings.source_arn, error)
            return Again(1.0, background=True)
        return None

    def _gather(self, sqs: Any, settings: MappingSettings) -> None:
        while (room := settings.batch_size - len(self._gathered)) > 0:
            answer = sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(room, _RECEIVE_LIMIT),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            if not self._gathered:
                self._gathered_since = self._clock.now()
            self._gathered += messages

    def _send(
        self,
        sqs: Any,
        settings: MappingSettings,
        batch: list[dict[str, Any]],
        visibility_seconds: int,
    ) -> None:
        self._back_at.append(self._clock.now() + timedelta(seconds=visibility_seconds))
        event = queue_event(batch, queue_arn=settings.source_arn, region=self._region)
        result = self._functions.invoke(settings.function_arn, event)
        known = {message["MessageId"] for message in batch}
        failed: set[str] | None = None if result.failed else set()
        if settings.report_failures and not result.failed:
            failed = failed_items(result.payload, known)
        if failed is None:
            failed = known
        done = [message for message in batch if message["MessageId"] not in failed]
        for start in range(0, len(done), _RECEIVE_LIMIT):
            self._delete(sqs, done[start : start + _RECEIVE_LIMIT])
        self.account.add(invocations=1, read=len(done), processed=len(done))
        if failed:
            log.warning(
                "%d messages stay in %s: %s", len(failed), settings.source_arn, reason(result)
            )
        else:
            self._back_at.pop()

    def _delete(self, sqs: Any, messages: list[dict[str, Any]]) -> None:
        answer = sqs.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ],
        )
        for refused in answer.get("Failed", []):
            log.error("a processed message stays in %s: %s", self._queue_url, refused)

    def _next_look(self) -> Again:
        """Nothing is visible now: come back when a failed batch is, or after a long poll."""
        now = self._clock.now()
        self._back_at = [moment for moment in self._back_at if moment > now]
        if self._back_at:
            # a hair later: a message is visible after its timeout, not at it
            return Again((min(self._back_at) - now).total_seconds() + 0.01)
        return Again(_LONG_POLL_SECONDS, background=True)
