"""An endpoint of the local cloud: hosting's workers, and a model of an engine that is served."""

from __future__ import annotations

import io
import tarfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from benchmarks.cloud import BenchCloud
from benchmarks.comparison import say
from penstock.localcloud.shims import sagemaker, sagemaker_runtime
from penstock.localcloud.workers.hosting import HostingWorker
from penstock.localcloud.workers.training import TrainingWorker
from penstock.localcloud.workers.transform import TransformWorker

IMAGES = "382416733822.dkr.ecr.us-east-1.amazonaws.com"
BUCKET = "models"


class Model(Protocol):
    """What an engine has learned."""

    def save(self, directory: Path) -> Path:
        """Write the model's file into the directory."""


def host(cloud: BenchCloud, workers: ExitStack) -> HostingWorker:
    """Endpoints live from now on, until `workers` are closed."""
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
    return hosting


def serve(cloud: BenchCloud, name: str, *, algorithm: str, model: Model) -> None:
    """Deploy the model and wait until the endpoint `name` is in service."""
    folder = cloud.context.workdir / "model"
    folder.mkdir()
    file = model.save(folder)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(file, arcname=file.name)
    s3, api = cloud.client("s3"), cloud.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=archive.getvalue())
    api.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role_arn,
        PrimaryContainer={
            "Image": f"{IMAGES}/{algorithm}:1",
            "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
        },
    )
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1}
    api.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}],
    )
    api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    say(f"{name}: the endpoint starts")
    while (found := api.describe_endpoint(EndpointName=name))["EndpointStatus"] == "Creating":
        time.sleep(0.1)
    if found["EndpointStatus"] != "InService":
        raise RuntimeError(f"the endpoint is {found['EndpointStatus']}: {found['FailureReason']}")
