"""What a stack tells of itself: its status, its events, its lines of the ledger."""

from __future__ import annotations

import json
import logging
import uuid

from penstock.localcloud.cloudformation.resource import Handler, Properties
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import Event, ResourceStatus, StackState

log = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"


class History:
    """Writes down what one operation does to one stack."""

    def __init__(self, services: Services, stack: StackState) -> None:
        self._clock = services.clock
        self._ledger = services.ledger
        self._stack = stack

    def stack_status(self, status: str, reason: str | None = None) -> None:
        """The stack's new status; written last, because waiters look at it."""
        stack = self._stack
        if status.endswith("_COMPLETE") or status.endswith("_FAILED"):
            log.info("stack %s: %s %s", stack.name, status, reason or "")
        self.event(stack.name, stack.stack_id, STACK_TYPE, status, reason)
        stack.updated_at = self._clock.now()
        stack.reason = reason
        stack.status = status

    def event(
        self,
        logical_id: str,
        physical_id: str,
        type_: str,
        status: str,
        reason: str | None = None,
        properties: Properties | None = None,
    ) -> None:
        """An event, and the resource's status as the last thing that happened to it."""
        now = self._clock.now()
        written = json.dumps(properties, default=str) if properties else None
        self._stack.events.append(
            Event(
                f"{logical_id}-{uuid.uuid4()}",
                logical_id,
                physical_id,
                type_,
                status,
                reason,
                written,
                now,
            )
        )
        current = self._stack.resources.get(logical_id)
        # the clean-up of a replaced resource says nothing about the one that took its place
        replaced = status.startswith("DELETE") and current and current.physical_id != physical_id
        if type_ != STACK_TYPE and not replaced:
            self._stack.statuses[logical_id] = ResourceStatus(
                logical_id, type_, physical_id, status, reason, now
            )

    def record(
        self, handler: Handler, logical_id: str, properties: Properties, notes: list[str]
    ) -> None:
        """The resource and how far it lives here, into the ledger."""
        life, by = handler.life_of(properties)
        self._ledger.record(self._resource(logical_id), handler.type, life, by)
        self.add_notes(handler, logical_id, properties, notes)

    def add_notes(
        self, handler: Handler, logical_id: str, properties: Properties, notes: list[str]
    ) -> None:
        """What of the resource means nothing here, to its line of the ledger."""
        for name, reason in {**handler.unsupported, **handler.kept_only}.items():
            if name in properties:
                self._ledger.note(self._resource(logical_id), f"{name}: {reason}")
        for note in notes:
            self._ledger.note(self._resource(logical_id), note)

    def forget(self, logical_id: str) -> None:
        """Take the resource out of the ledger."""
        self._ledger.forget(self._resource(logical_id))

    def _resource(self, logical_id: str) -> str:
        return f"{self._stack.name}/{logical_id}"
