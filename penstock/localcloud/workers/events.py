"""Delivers EventBridge events to the targets of matching rules, as each target's role."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from jsonpath_ng.parser import parse as parse_jsonpath

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.workers.targets import Targets

log = logging.getLogger(__name__)

# an event bus as target forwards the event itself, which is not done here
_DELIVERED = frozenset({"states", "lambda", "sns", "sqs", "logs"})

_TEMPLATE_PARTS = re.compile(r'(\\"|"|<[A-Za-z0-9_.\-]+>)')


def target_input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """What a target receives: Input, InputPath, InputTransformer or the event itself, as JSON text.

    Source: EventBridge user guide, "Input transformation". A placeholder inside a JSON string is
    put in as text, one outside as JSON; a path that finds nothing gives null or an empty text.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_first(target["InputPath"], event))
    if "InputTransformer" not in target:
        return json.dumps(event)
    transformer = target["InputTransformer"]
    values = {
        name: _first(path, event) for name, path in transformer.get("InputPathsMap", {}).items()
    }
    return _fill(str(transformer["InputTemplate"]), values)


def _fill(template: str, values: dict[str, Any]) -> str:
    filled: list[str] = []
    inside_string = False
    for part in _TEMPLATE_PARTS.split(template):
        if part.startswith("<") and part[1:-1] in values:
            value = values[part[1:-1]]
            if not inside_string:
                filled.append(json.dumps(value))
            elif isinstance(value, str):
                filled.append(json.dumps(value)[1:-1])
            elif value is not None:
                filled.append(json.dumps(json.dumps(value))[1:-1])
            continue
        if part == '"':
            inside_string = not inside_string
        filled.append(part)
    return "".join(filled)


def _first(path: str, event: dict[str, Any]) -> Any:
    found = parse_jsonpath(path).find(event)
    return found[0].value if found else None


class EventsWorker:
    """Takes events of services and of PutEvents, and starts what the rules' targets name."""

    def __init__(self, *, clients: ClientFactory, clock: Clock, account_id: str) -> None:
        self._clients = clients
        self._clock = clock
        self._account_id = account_id
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="events")
        self._lock = threading.Lock()
        self._stopped = False
        self.failed_deliveries: list[str] = []
        self._targets = Targets(clients=clients, clock=clock, service="events.amazonaws.com")

    def start(self) -> None:
        """Nothing to begin: deliveries come when events do."""

    def stop(self) -> None:
        """Deliveries that have begun are finished; what others still emit goes nowhere."""
        with self._lock:
            self._stopped = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def emit(
        self, *, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put a service's own event on the default bus (from a thread of the worker's)."""
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail, default=_json_time),
            "Resources": resources,
        }
        self._submit(self._put, entry)

    def deliver(self, rule_arn: str, targets: list[dict[str, Any]], event: dict[str, Any]) -> None:
        """Send one event to every target of a rule that matched; failures are kept and logged."""
        event = {key: value for key, value in event.items() if key != "ingestion-time"}
        event["time"] = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        for target in targets:
            self._submit(self._send, rule_arn, target, event)

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        with self._lock:
            if self._stopped:
                log.info("the local cloud is closing: an event is not delivered")
                return
            self._pool.submit(work, *arguments)

    def _put(self, entry: dict[str, Any]) -> None:
        with self._clock.busy():
            try:
                # a service puts its events on the default bus without anybody's permission
                self._clients.deployer("events").put_events(Entries=[entry])
            except (ClientError, BotoCoreError) as error:
                self._failed(f"{entry['Source']}: {entry['DetailType']}: {error}")

    def _send(self, rule_arn: str, target: dict[str, Any], event: dict[str, Any]) -> None:
        with self._clock.busy():
            try:
                self._targets.send(
                    target, target_input(target, event), only=_DELIVERED, source_arn=rule_arn
                )
            except (ClientError, BotoCoreError, ValueError) as error:
                name = rule_arn.rsplit("/", 1)[-1]
                self._failed(f"rule {name}: target {target['Arn']}: {error}")

    def _failed(self, failure: str) -> None:
        log.error("event not delivered: %s", failure)
        with self._lock:
            self.failed_deliveries.append(failure)


def _json_time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} cannot go into an event")
