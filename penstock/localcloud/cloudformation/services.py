"""What stack operations work with: clients, time, the ledger and the other stacks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.resource import ResourceContext
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.ledger import Ledger

# polling of a resource that gets ready: real time, because other threads of the cloud do the work
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Services:
    """`stacks` gives every stack that exists; `closing` is set when the cloud stops."""

    clients: ClientFactory
    clock: Clock
    ledger: Ledger
    account_id: str
    region: str
    stacks: Callable[[], Iterable[StackState]]
    closing: threading.Event

    def client(self, role_arn: str | None, service: str) -> Any:
        """A client of the stack's service role, or of the deployer when it has none."""
        if role_arn:
            return self.clients.for_role(role_arn, service, by="cloudformation.amazonaws.com")
        return self.clients.deployer(service)

    def resource_context(
        self,
        stack: StackState,
        logical_id: str,
        generation: int,
        *,
        notes: list[str] | None = None,
        made: list[str] | None = None,
    ) -> ResourceContext:
        """What a handler gets; it adds to `notes`, and to `made` the ids of what exists."""
        return ResourceContext(
            client=lambda service: self.client(stack.role_arn, service),
            account_id=self.account_id,
            region=self.region,
            stack_name=stack.name,
            stack_id=stack.stack_id,
            logical_id=logical_id,
            generation=generation,
            note=([] if notes is None else notes).append,
            made=([] if made is None else made).append,
        )

    def wait_until(self, question: Callable[[], bool]) -> None:
        """Ask until the answer is yes. ResourceError when the cloud stops meanwhile."""
        pause = _FIRST_PAUSE_SECONDS
        while not question():
            if self.closing.wait(pause):
                raise ResourceError("the local cloud was stopped")
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
