"""Clients of an endpoint in a process of their own: how long requests take, whose answer came.

The model behind the endpoint must answer a row with its first number (`echoing`), so an answer that
was meant for another request is seen. Reads a JSON object from each line of standard input
(address, clients, and requests of each client or seconds), asks, and writes one with the figures.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.engines.linear_learner.model import LinearModel

ENDPOINT = "bench"
FEATURES = 64
REGION = "us-east-1"
JSON = "application/json"


def echoing() -> LinearModel:
    """A regressor whose score is the row's first number."""
    weights = np.zeros((FEATURES, 1))
    weights[0] = 1.0
    return LinearModel("regressor", weights, np.zeros(1))


@dataclass
class Asked:
    """What clients saw: the seconds of each answer, failures, answers to somebody else."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed_up: int = 0


class Clients:
    """The other process, from this side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, address: str, *, clients: int, **how_long: float) -> dict[str, Any]:
        """`requests` of each client or `seconds`: seconds (sorted), errors, mixed_up."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"address": address, "clients": clients, **how_long}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process of the clients has ended")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def clients_process() -> Iterator[Clients]:
    """A process that asks; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.invoking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Clients(process)
        assert process.stdin is not None
        process.stdin.close()


def _client(runtime: Any, numbers: Iterator[int], until: Iterator[bool], asked: Asked) -> None:
    row = [0.0] * FEATURES
    while next(until):
        row[0] = float(next(numbers))
        body = json.dumps({"instances": [{"features": row}]})
        started = time.perf_counter()
        try:
            answer = runtime.invoke_endpoint(
                EndpointName=ENDPOINT, ContentType=JSON, Accept=JSON, Body=body
            )
            score = json.loads(answer["Body"].read())["predictions"][0]["score"]
        except (ClientError, BotoCoreError) as error:
            asked.errors.append(str(error))
            continue
        asked.seconds.append(time.perf_counter() - started)
        asked.mixed_up += score != row[0]


def _until(requests: int | None, seconds: float) -> Iterator[bool]:
    if requests is not None:
        yield from itertools.repeat(True, requests)
    else:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield True
    yield False


def _ask(
    address: str, clients: int, requests: int | None = None, seconds: float = 0.0
) -> dict[str, Any]:
    # credentials of the deployer; 50 connections are the factory's, so it makes one each 32 clients
    factories = [ClientFactory(endpoint_url=address, region=REGION) for _ in range(0, clients, 32)]
    runtimes = [factory.deployer("sagemaker-runtime") for factory in factories]
    # numbers that no other process has
    numbers = itertools.count(os.getpid() * 10**7)
    seen = [Asked() for _ in range(clients)]
    threads = [
        threading.Thread(
            target=_client,
            args=(runtimes[n // 32], numbers, _until(requests, seconds), asked),
        )
        for n, asked in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "seconds": sorted(taken for asked in seen for taken in asked.seconds),
        "errors": [error for asked in seen for error in asked.errors],
        "mixed_up": sum(asked.mixed_up for asked in seen),
    }


def main() -> None:
    """Carry out each order."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_ask(**json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
