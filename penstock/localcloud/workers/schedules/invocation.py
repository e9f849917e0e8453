"""One invocation of a schedule's target: what is sent, retries, the dead-letter queue."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.dead_letters import send_dead_letter
from penstock.localcloud.workers.targets import Targets, scheduled_event

log = logging.getLogger(__name__)

DELIVERED = frozenset({"states", "lambda", "sns", "sqs", "events"})
_LONGEST_PAUSE_SECONDS = 900
SERVICE = "scheduler.amazonaws.com"


@dataclass(frozen=True)
class Invocation:
    """The `attempt`th try (from 1) to hand over what was due at `due` (UTC)."""

    arn: str
    target: dict[str, Any]
    due: datetime
    attempt: int = 1

    @property
    def scheduled_time(self) -> str:
        """2022-03-22T18:59:43Z."""
        return f"{self.due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def again(self) -> Invocation:
        """The next try."""
        return Invocation(self.arn, self.target, self.due, self.attempt + 1)


class Invoker:
    """Hands invocations over as the target's role, again and again if need be.

    The pause before a try doubles from one second to 15 minutes; the service's own pauses are
    not published. Sources: EventBridge Scheduler user guide, "Managing targets" (Input, context
    attributes), "Retry policy" and "Dead-letter queue" (its message attributes).
    """

    def __init__(self, context: CloudContext, *, wanted: Callable[[str], bool]) -> None:
        self._context = context
        self._wanted = wanted
        self._targets = Targets(clients=context.clients, clock=context.clock, service=SERVICE)
        self.failed: list[str] = []

    def invoke(self, invocation: Invocation) -> None:
        """Send the payload; a failure is tried again later, or kept and logged in one line."""
        execution = uuid.uuid4().hex[:16]
        payload = self._payload(invocation, execution)
        try:
            self._targets.send(
                invocation.target, payload, only=DELIVERED, source_arn=_group_arn(invocation.arn)
            )
        except ValueError as error:  # nothing that trying again would change
            self._give_up(invocation, execution, payload, error, "")
        except (ClientError, BotoCoreError) as error:
            self._failed(invocation, execution, payload, error)

    def _payload(self, invocation: Invocation, execution: str) -> str:
        if "Input" not in invocation.target:
            event = scheduled_event(
                source="aws.scheduler",
                account_id=self._context.account_id,
                region=self._context.region,
                arn=invocation.arn,
                time=invocation.scheduled_time,
            )
            # the service writes its own events' detail as a text
            return json.dumps({**event, "detail": "{}"})
        text = str(invocation.target["Input"])
        for name, value in {
            "schedule-arn": invocation.arn,
            "scheduled-time": invocation.scheduled_time,
            "execution-id": execution,
            "attempt-number": str(invocation.attempt),
        }.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _failed(
        self, invocation: Invocation, execution: str, payload: str, error: Exception
    ) -> None:
        policy = invocation.target.get("RetryPolicy", {})
        clock = self._context.clock
        pause = min(2.0 ** (invocation.attempt - 1), _LONGEST_PAUSE_SECONDS)
        oldest = invocation.due + timedelta(seconds=policy.get("MaximumEventAgeInSeconds", 86400))
        if invocation.attempt > policy.get("MaximumRetryAttempts", 185):
            self._give_up(invocation, execution, payload, error, "MaximumRetryAttempts")
        elif clock.now() + timedelta(seconds=pause) > oldest:
            self._give_up(invocation, execution, payload, error, "MaximumEventAgeInSeconds")
        else:
            if invocation.attempt == 1:
                log.warning("schedule %s is tried again: %s", invocation.arn, error)
            clock.call_later(pause, lambda: self._retry(invocation.again()), background=True)

    def _retry(self, invocation: Invocation) -> None:
        if self._wanted(invocation.arn):
            self.invoke(invocation)

    def _give_up(
        self,
        invocation: Invocation,
        execution: str,
        payload: str,
        error: Exception,
        exhausted: str,
    ) -> None:
        failure = f"schedule {invocation.arn}: target {invocation.target['Arn']}: {error}"
        log.error("not delivered: %s", failure)
        self.failed.append(failure)
        queue = invocation.target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            return
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else "Unsupported"
        attributes = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error),
            "EXECUTION_ID": execution,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(invocation.attempt - 1),
            "SCHEDULED_TIME": invocation.scheduled_time,
            "SCHEDULE_ARN": invocation.arn,
            "TARGET_ARN": invocation.target["Arn"],
        }
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        try:
            send_dead_letter(
                self._context.clients,
                invocation.target["RoleArn"],
                SERVICE,
                queue,
                payload,
                attributes,
            )
        except (ClientError, BotoCoreError) as lost:
            log.error("schedule %s: dead-letter queue %s: %s", invocation.arn, queue, lost)
            self.failed.append(f"schedule {invocation.arn}: dead-letter queue {queue}: {lost}")


def _group_arn(schedule_arn: str) -> str:
    """What aws:SourceArn is (Scheduler user guide, "Confused deputy prevention")."""
    start, _, path = schedule_arn.partition(":schedule/")
    return f"{start}:schedule-group/{path.split('/')[0]}"
