"""What every worker of the local cloud is given: clients, clock, ledger, events, faults ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from penstock.localcloud.authorization.record import DecisionRecord
from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.ledger import Ledger


class EventSink(Protocol):
    """Where services put the events that AWS itself would emit."""

    def emit(
        self, *, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Hand an event to the default event bus, in the service's own name."""


@dataclass(frozen=True)
class CloudContext:
    """The local cloud as its workers see it."""

    clients: ClientFactory
    clock: Clock
    ledger: Ledger
    events: EventSink
    workdir: Path
    account_id: str
    region: str
    faults: Faults = field(default_factory=Faults)
    authorization: DecisionRecord = field(default_factory=DecisionRecord)
