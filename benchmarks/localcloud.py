"""The local cloud: InvokeEndpoint beside bare uvicorn, a delivery, and whose time a run is.

Both sides of the first are asked by boto3's invoke_endpoint on one connection, and both models run
in a process of their own. Then come those of benchmarks.delivery and benchmarks.run_share. `make
bench` installs uvicorn in an environment of its own and runs this.

    python -m benchmarks.localcloud
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import delivery, run_share
from benchmarks.cloud import BenchCloud
from benchmarks.comparison import compare
from benchmarks.endpoint import serve, whole_cloud
from benchmarks.invoking import ENDPOINT, FEATURES, Clients, clients_process, echoing

ROOT = Path(__file__).resolve().parents[1]
UVICORN = Path(sys.prefix, "runtimes", "bench-uvicorn", "bin", "python")
PROGRAM = Path(__file__).with_name("peers") / "serve_by_uvicorn.py"
REQUESTS = 300
RUNS = 9
_START_SECONDS = 30.0


def main() -> None:
    """Print the comparisons and the shares."""
    if not UVICORN.exists():
        raise SystemExit("uvicorn is not installed: run `make bench`")
    _invoke_endpoint()
    delivery.main()
    run_share.main()


def _invoke_endpoint() -> None:
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="penstock-bench-"))
        cloud = opened.enter_context(whole_cloud(Path(folder) / "cloud"))
        serve(cloud, ENDPOINT, algorithm="linear-learner", model=echoing())
        ours = cloud.context.clients.endpoint_url
        theirs = opened.enter_context(_bare(cloud))
        clients = opened.enter_context(clients_process())
        compare(
            "invoke_endpoint",
            what="p50 of boto3's invoke_endpoint: server, IAM, hosting worker, container",
            baseline="p50 of boto3's invoke_endpoint against the same model behind bare uvicorn",
            subject=lambda: _p50(clients, ours),
            against=lambda: _p50(clients, theirs),
            runs=RUNS,
            details={"requests_per_run": REQUESTS, "clients": 1, "features": FEATURES},
        ).print()


def _p50(clients: Clients, address: str) -> float:
    """Seconds of the middle request."""
    found = clients.ask(address, clients=1, requests=REQUESTS)
    if found["errors"] or found["mixed_up"]:
        raise RuntimeError(f"{found['mixed_up']} mixed up answers, errors: {found['errors'][:1]}")
    return float(statistics.median(found["seconds"]))


@contextmanager
def _bare(cloud: BenchCloud) -> Iterator[str]:
    """The model behind uvicorn; its address."""
    folder = cloud.context.workdir / "bare"
    folder.mkdir()
    echoing().save(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command: list[str | Path] = [UVICORN, PROGRAM, folder, str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"uvicorn did not answer within {_START_SECONDS:g} s")


if __name__ == "__main__":
    main()
