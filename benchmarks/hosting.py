"""Hosting: InvokeEndpoint through the local cloud, against asking the same container directly."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from benchmarks.cloud import BenchCloud, bench_cloud
from benchmarks.comparison import compare, say
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.shims import sagemaker, sagemaker_runtime
from penstock.localcloud.workers.hosting import HostingWorker, Request
from penstock.localcloud.workers.hosting.container import ModelContainer
from penstock.localcloud.workers.training import TrainingWorker
from penstock.localcloud.workers.transform import TransformWorker

IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
ENDPOINT = "bench"
FEATURES = 64
CLASSES = 10
REQUESTS = 100
RUNS = 9
JSON = "application/json"


def main() -> None:
    """Print the comparisons hosting (boto3) and hosting_worker (without the API)."""
    with bench_cloud() as cloud, ExitStack() as workers:
        hosting, training = HostingWorker(cloud.context), TrainingWorker(cloud.context)
        transform = TransformWorker(cloud.context)
        workers.callback(hosting.stop)
        workers.callback(training.stop)
        sagemaker.install(
            cloud.patches,
            clock=cloud.context.clock,
            events=cloud.context.events,
            training=training,
            hosting=hosting,
            transform=transform,
        )
        sagemaker_runtime.install(cloud.patches, invoke=hosting.invoke)
        _deploy(cloud)
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


def _deploy(cloud: BenchCloud) -> None:
    folder = cloud.context.workdir / "model"
    folder.mkdir()
    weights = np.random.default_rng(3).normal(size=(FEATURES, CLASSES))
    LinearModel("multiclass_classifier", weights, np.zeros(CLASSES)).save(folder)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder / "model_algo-1", arcname="model_algo-1")
    s3, api = cloud.client("s3"), cloud.client("sagemaker")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=archive.getvalue())
    api.create_model(
        ModelName=ENDPOINT,
        ExecutionRoleArn=cloud.role_arn,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"},
    )
    variant = {"VariantName": "AllTraffic", "ModelName": ENDPOINT, "InitialInstanceCount": 1}
    api.create_endpoint_config(
        EndpointConfigName=ENDPOINT,
        ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}],
    )
    api.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    say("hosting: the endpoint starts")
    while (found := api.describe_endpoint(EndpointName=ENDPOINT))["EndpointStatus"] == "Creating":
        time.sleep(0.1)
    if found["EndpointStatus"] != "InService":
        raise RuntimeError(f"the endpoint is {found['EndpointStatus']}: {found['FailureReason']}")


def _container(hosting: HostingWorker) -> ModelContainer:
    """The endpoint's only container; the worker shows it to nobody else."""
    (variant,) = hosting._fleets[ENDPOINT].variants
    (container,) = variant.containers
    return container


if __name__ == "__main__":
    main()
