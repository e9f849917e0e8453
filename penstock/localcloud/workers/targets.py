"""Hands a payload to what an EventBridge rule or a schedule names as its target."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.workers.dead_letters import queue_url


class Targets:
    """Senders by the service in the target's ARN; each acts as the target's role if it has one.

    Args:
        service: the principal that assumes the role, or acts itself.
    """

    def __init__(self, *, clients: ClientFactory, clock: Clock, service: str) -> None:
        self._service = service
        self._clients = clients
        self._clock = clock
        self._senders: dict[str, Callable[[dict[str, Any], str], None]] = {
            "states": self._start_execution,
            "lambda": self._invoke_function,
            "sns": self._publish,
            "sqs": self._send_message,
            "logs": self._write_log,
            "events": self._put_event,
        }

    def send(
        self, target: dict[str, Any], payload: str, *, only: frozenset[str], source_arn: str
    ) -> None:
        """Send `payload`, a JSON text, to a Target structure of the API.

        `only` names the services that the sender can deliver to, `source_arn` on whose behalf it
        does. ValueError says why a target cannot be reached; ClientError and BotoCoreError come
        from the target's service.
        """
        service = target["Arn"].split(":")[2]
        if service not in only:
            raise ValueError(f"targets of service {service} are not delivered here")
        self._senders[service]({**target, "SourceArn": source_arn}, payload)

    def _client(self, target: dict[str, Any], service: str) -> Any:
        # functions, topics and queues admit EventBridge by their own policy, without a role
        if "RoleArn" in target:
            return self._clients.for_role(
                target["RoleArn"], service, by=self._service, source_arn=target["SourceArn"]
            )
        return self._clients.for_service(self._service, service, source_arn=target["SourceArn"])

    def _start_execution(self, target: dict[str, Any], payload: str) -> None:
        if "RoleArn" not in target:
            raise ValueError("a state machine as target needs a RoleArn (EventBridge user guide)")
        self._client(target, "stepfunctions").start_execution(
            stateMachineArn=target["Arn"],
            name=f"{uuid.uuid4()}_{uuid.uuid4()}",  # the form of EventBridge's own names
            input=payload,
        )

    def _invoke_function(self, target: dict[str, Any], payload: str) -> None:
        self._client(target, "lambda").invoke(
            FunctionName=target["Arn"], InvocationType="Event", Payload=payload.encode()
        )

    def _publish(self, target: dict[str, Any], payload: str) -> None:
        self._client(target, "sns").publish(TopicArn=target["Arn"], Message=payload)

    def _send_message(self, target: dict[str, Any], payload: str) -> None:
        sqs = self._client(target, "sqs")
        url = queue_url(self._clients, target["Arn"])
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        extra = {"MessageGroupId": group} if group else {}
        sqs.send_message(QueueUrl=url, MessageBody=payload, **extra)

    def _put_event(self, target: dict[str, Any], payload: str) -> None:
        parameters = target.get("EventBridgeParameters")
        if parameters is None:
            raise ValueError("an event bus as target needs EventBridgeParameters")
        entry = {
            "EventBusName": target["Arn"],
            "Source": parameters["Source"],
            "DetailType": parameters["DetailType"],
            "Detail": payload,
        }
        answer = self._client(target, "events").put_events(Entries=[entry])
        for refused in answer["Entries"]:
            if "ErrorCode" in refused:
                raise ValueError(f"{refused['ErrorCode']}: {refused['ErrorMessage']}")

    def _write_log(self, target: dict[str, Any], payload: str) -> None:
        logs = self._client(target, "logs")
        group = target["Arn"].split(":log-group:")[1].removesuffix(":*")
        stream = str(uuid.uuid4())
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        stamp = int(self._clock.now().timestamp() * 1000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": stamp, "message": payload}],
        )


def scheduled_event(
    *, source: str, account_id: str, region: str, arn: str, time: str
) -> dict[str, Any]:
    """The "Scheduled Event" of a rule (source aws.events) or a schedule (aws.scheduler)."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": account_id,
        "time": time,
        "region": region,
        "resources": [arn],
        "detail": {},
    }
