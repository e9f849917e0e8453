"""A bare local cloud for tests of single workers: moto's server, the clock, clients, a role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.context import CloudContext
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims import logs
from penstock.localcloud.shims.patches import Patches

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"


@dataclass
class RecordedEvents:
    """An event sink that only remembers."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def emit(self, **event: Any) -> None:
        self.events.append(event)


@dataclass
class BareCloud:
    """What a worker under test needs; `role_arn` may be assumed by anyone."""

    context: CloudContext
    patches: Patches
    role_arn: str

    def client(self, service: str) -> Any:
        return self.context.clients.deployer(service)


def admitted(*_: Any) -> None:
    """Here every service may do everything: nothing is authorized."""


@contextmanager
def running_server(workdir: Path, faults: Iterable[str] = ()) -> Iterator[CloudContext]:
    """A server with a clock, clients and the chosen faults, until the block ends."""
    server = MotoServer(account_id=ACCOUNT_ID)
    server.start()
    clock = SkippingClock(quiet_seconds=0.1)
    try:
        clients = ClientFactory(endpoint_url=server.endpoint_url, region=REGION)
        yield CloudContext(
            clients,
            clock,
            Ledger(),
            RecordedEvents(),
            workdir,
            ACCOUNT_ID,
            REGION,
            Faults.chosen(faults),
        )
    finally:
        clock.close()
        server.stop()


@contextmanager
def patched(context: CloudContext) -> Iterator[BareCloud]:
    """A cloud with a role of its own, whose patches are undone when the block ends."""
    role = context.clients.deployer("iam").create_role(
        RoleName="worker", AssumeRolePolicyDocument=json.dumps({"Statement": []})
    )
    patches = Patches()
    logs.install(patches)  # whatever runs writes a log, and several at once
    try:
        yield BareCloud(context, patches, role["Role"]["Arn"])
    finally:
        patches.undo()
