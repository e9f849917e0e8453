"""Hosting: InvokeEndpoint through the local cloud, against asking the same container directly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from benchmarks.cloud import bench_cloud
from benchmarks.comparison import compare
from benchmarks.endpoint import host, serve
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.workers.hosting import HostingWorker, Request
from penstock.localcloud.workers.hosting.container import ModelContainer

ENDPOINT = "bench"
FEATURES = 64
CLASSES = 10
REQUESTS = 100
RUNS = 9
JSON = "application/json"


def main() -> None:
    """Print the comparisons hosting (boto3) and hosting_worker (without the API)."""
    with bench_cloud() as cloud, ExitStack() as workers:
        hosting = host(cloud, workers)
        weights = np.random.default_rng(3).normal(size=(FEATURES, CLASSES))
        model = LinearModel("multiclass_classifier", weights, np.zeros(CLASSES))
        serve(cloud, ENDPOINT, algorithm="linear-learner", model=model)
        container = _container(hosting)
        runtime = cloud.client("sagemaker-runtime")
        pixels = np.random.default_rng(5).integers(0, 17, FEATURES).tolist()
        body = json.dumps({"instances": [{"features": pixels}]}).encode()

        def invoke() -> bytes:
            answer = runtime.invoke_endpoint(
                EndpointName=ENDPOINT, ContentType=JSON, Accept=JSON, Body=body
            )
            return bytes(answer["Body"].read())

        def work() -> bytes:
            return hosting.invoke(ENDPOINT, Request(body, JSON, JSON)).body

        def ask() -> bytes:
            headers = {"Content-Type": JSON, "Accept": JSON}
            return container.invoke(body, headers, 60.0).body

        if not invoke() == work() == ask():
            raise RuntimeError("the three ways to the container give different answers")
        details = {
            "requests_per_run": REQUESTS,
            "clients": 1,
            "features": FEATURES,
            "request_bytes": len(body),
        }
        baseline = "a keep-alive HTTP request to the same container"
        for name, what, way in (
            ("hosting", "boto3's InvokeEndpoint: client, moto's server, hosting worker", invoke),
            ("hosting_worker", "HostingWorker.invoke in its own process", work),
        ):
            compare(
                name,
                what=what,
                baseline=baseline,
                subject=_many(way),
                against=_many(ask),
                runs=RUNS,
                details=details,
            ).print()


def _many(way: Callable[[], bytes]) -> Callable[[], float]:
    def run() -> float:
        started = time.perf_counter()
        for _ in range(REQUESTS):
            way()
        return time.perf_counter() - started

    return run


def _container(hosting: HostingWorker) -> ModelContainer:
    """The endpoint's only container; the worker shows it to nobody else."""
    (variant,) = hosting._fleets[ENDPOINT].variants
    (container,) = variant.containers
    return container


if __name__ == "__main__":
    main()
