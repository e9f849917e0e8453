"""A bare local cloud for benchmarks of single workers: moto's server, the clock, one role."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.cloud import ANY_ACCOUNT, ANY_REGION
from penstock.localcloud.context import CloudContext
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims.patches import Patches


class _NoEvents:
    """Nobody listens."""

    def emit(self, **_event: Any) -> None:
        """Forget the event."""


@dataclass(frozen=True)
class BenchCloud:
    """What a worker needs, and a role that it may act as."""

    context: CloudContext
    patches: Patches
    role_arn: str

    def client(self, service: str) -> Any:
        """A client of the deployer."""
        return self.context.clients.deployer(service)


@contextmanager
def bench_cloud() -> Iterator[BenchCloud]:
    """The cloud, gone at the end with its directory; stop its workers before that."""
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="penstock-bench-"))
        server = MotoServer(account_id=ANY_ACCOUNT)
        server.start()
        opened.callback(server.stop)
        clock = SkippingClock()
        opened.callback(clock.close)
        patches = Patches()
        opened.callback(patches.undo)
        clients = ClientFactory(endpoint_url=server.endpoint_url, region=ANY_REGION)
        context = CloudContext(
            clients, clock, Ledger(), _NoEvents(), Path(folder), ANY_ACCOUNT, ANY_REGION
        )
        role = clients.deployer("iam").create_role(
            RoleName="worker", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
        )
        yield BenchCloud(context, patches, str(role["Role"]["Arn"]))
