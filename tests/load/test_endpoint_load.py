"""64 clients ask one endpoint for a minute: no error, nobody gets another's answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.endpoint import serve, whole_cloud
from benchmarks.invoking import ENDPOINT, clients_process, echoing
from tests.load.figures import latencies_ms, memory_mb, tell

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("load")]

PROCESSES = 2
CLIENTS = 32  # of each process
SECONDS = 60
GROWTH_MB = 100.0  # of the local cloud's process, whatever number of requests it carried


def test_a_minute_of_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as opened:
        cloud = opened.enter_context(whole_cloud(tmp_path / "cloud"))
        serve(cloud, ENDPOINT, algorithm="linear-learner", model=echoing())
        url = cloud.context.clients.endpoint_url
        processes = [opened.enter_context(clients_process()) for _ in range(PROCESSES)]
        for clients in processes:
            clients.ask(url, clients=CLIENTS, requests=5)  # connections and threads are there
        before_mb = memory_mb()

        def ask(number: int) -> dict[str, Any]:
            return processes[number].ask(url, clients=CLIENTS, seconds=SECONDS)

        with ThreadPoolExecutor(PROCESSES) as asking:
            found = list(asking.map(ask, range(PROCESSES)))
        after_mb = memory_mb()

    seconds = sorted(taken for side in found for taken in side["seconds"])
    errors = [error for side in found for error in side["errors"]]
    tell(
        capsys,
        {
            "name": "endpoint_load",
            "clients": PROCESSES * CLIENTS,
            "seconds": SECONDS,
            "requests": len(seconds),
            "requests_per_second": round(len(seconds) / SECONDS),
            "errors": len(errors),
            "invoke_endpoint_ms": latencies_ms(seconds),
            "memory_mb": {"before": round(before_mb), "after": round(after_mb)},
        },
    )
    assert errors == []
    assert sum(side["mixed_up"] for side in found) == 0
    assert len(seconds) > PROCESSES * CLIENTS * 10
    assert after_mb - before_mb < GROWTH_MB
