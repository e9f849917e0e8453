"""Asynchronous invocations: tried again, and at last told to a destination or dead-letter queue.

Sources: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
invocation" and "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.dead_letters import send_dead_letter
from penstock.localcloud.workers.functions.environment import InvocationResult
from penstock.localcloud.workers.functions.settings import FunctionSettings
from penstock.localcloud.workers.targets import Targets

log = logging.getLogger(__name__)

# two more attempts, after one and two minutes
RETRY_WAITS_SECONDS = (60.0, 120.0)
DESTINATIONS = frozenset({"sqs", "sns", "lambda", "events"})
_ERROR_MESSAGE_BYTES = 1024


SERVICE = "lambda.amazonaws.com"


@dataclass(frozen=True)
class AsyncPolicy:
    """EventInvokeConfig and DeadLetterConfig of a function; an empty ARN: nobody is told."""

    retries: int = 2
    maximum_age_seconds: int = 6 * 3600
    on_success_arn: str = ""
    on_failure_arn: str = ""
    dead_letter_arn: str = ""


@dataclass(frozen=True)
class _Request:
    settings: FunctionSettings
    event: str
    policy: AsyncPolicy
    began: datetime
    attempts: int = 0


class AsyncInvocations:
    """Hands events to functions until one attempt succeeds or the policy says that it is enough."""

    def __init__(
        self,
        context: CloudContext,
        *,
        invoke: Callable[[FunctionSettings, str], InvocationResult],
        wanted: Callable[[], bool],
    ) -> None:
        self._context = context
        self._invoke = invoke
        self._wanted = wanted
        self._targets = Targets(clients=context.clients, clock=context.clock, service=SERVICE)

    def put(self, settings: FunctionSettings, event: str, policy: AsyncPolicy) -> None:
        """Take an event (JSON text)."""
        self._later(_Request(settings, event, policy, self._context.clock.now()), 0.0)

    def _later(self, request: _Request, seconds: float) -> None:
        self._context.clock.call_later(seconds, lambda: self._attempt(request))

    def _attempt(self, request: _Request) -> None:
        if not self._wanted():
            return
        result = self._invoke(request.settings, request.event)
        request = replace(request, attempts=request.attempts + 1)
        policy = request.policy
        if not result.failed:
            self._tell(request, result, policy.on_success_arn, "Success")
            return
        if request.attempts > policy.retries:
            self._give_up(request, result, "RetriesExhausted")
            return
        pause = RETRY_WAITS_SECONDS[request.attempts - 1]
        last = request.began + timedelta(seconds=policy.maximum_age_seconds)
        if self._context.clock.now() + timedelta(seconds=pause) > last:
            self._give_up(request, result, "EventAgeExceeded")
        else:
            self._later(request, pause)

    def _give_up(self, request: _Request, result: InvocationResult, condition: str) -> None:
        log.warning("function %s failed on its last attempt at an event", request.settings.name)
        self._tell(request, result, request.policy.on_failure_arn, condition)
        arn = request.policy.dead_letter_arn
        if not arn:
            return
        message = str(json.loads(result.payload).get("errorMessage", ""))
        try:
            send_dead_letter(
                self._context.clients,
                request.settings.role_arn,
                SERVICE,
                arn,
                request.event,
                {
                    "RequestID": result.request_id,
                    "ErrorCode": 200,
                    "ErrorMessage": message.encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore"),
                },
            )
        except (ClientError, BotoCoreError, ValueError) as error:
            log.error("dead-letter queue %s: %s: %s", arn, error, request.event)

    def _tell(
        self, request: _Request, result: InvocationResult, destination_arn: str, condition: str
    ) -> None:
        if not destination_arn:
            return
        document = self._document(request, result, condition)
        outcome = "Failure" if result.failed else "Success"
        target = {
            "Arn": destination_arn,
            "RoleArn": request.settings.role_arn,
            "EventBridgeParameters": {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {outcome}",
            },
        }
        try:
            self._targets.send(target, document, only=DESTINATIONS, source_arn=request.settings.arn)
        except (ClientError, BotoCoreError, ValueError) as error:
            log.error("destination %s: %s: %s", destination_arn, error, document)

    def _document(self, request: _Request, result: InvocationResult, condition: str) -> str:
        """An invocation record; that EventAgeExceeded is a condition's name is unconfirmed."""
        settings = request.settings
        now = self._context.clock.now().astimezone(UTC)
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": result.version}
        if result.failed:
            response["functionError"] = "Unhandled"
        return json.dumps(
            {
                "version": "1.0",
                "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
                "requestContext": {
                    "requestId": result.request_id,
                    "functionArn": f"{settings.arn}:{settings.version}",
                    "condition": condition,
                    "approximateInvokeCount": request.attempts,
                },
                "requestPayload": json.loads(request.event),
                "responseContext": response,
                "responsePayload": json.loads(result.payload),
            }
        )
