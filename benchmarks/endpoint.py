"""An endpoint of the local cloud: hosting's workers, and a model of an engine that is served."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from benchmarks.cloud import BenchCloud
from benchmarks.comparison import say
from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.shims import sagemaker, sagemaker_runtime
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.hosting import HostingWorker
from penstock.localcloud.workers.training import TrainingWorker
from penstock.localcloud.workers.transform import TransformWorker

IMAGES = "382416733822.dkr.ecr.us-east-1.amazonaws.com"
BUCKET = "models"


# what a model's role needs here: its files, and its containers' log
_NEEDED = (
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"),
    ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
    ("logs:CreateLogGroup", "*"),
    ("logs:CreateLogStream", "*"),
    ("logs:PutLogEvents", "*"),
)


class Model(Protocol):
    """What an engine has learned."""

    def save(self, directory: Path) -> Path:
        """Write the model's file into the directory."""


@contextmanager
def whole_cloud(workdir: Path) -> Iterator[BenchCloud]:
    """The local cloud as it is, IAM enforced, with a role for models."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in _NEEDED
    ]
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    with LocalCloud(workdir=workdir) as cloud:
        iam = cloud.context.clients.deployer("iam")
        role = iam.create_role(RoleName="model", AssumeRolePolicyDocument=_policy([trust]))
        iam.put_role_policy(
            RoleName="model", PolicyName="model", PolicyDocument=_policy(statements)
        )
        yield BenchCloud(cloud.context, Patches(), str(role["Role"]["Arn"]))


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


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
    deploy(cloud, name, algorithm, archive.getvalue())


def deploy(cloud: BenchCloud, name: str, repository: str, archive: bytes) -> None:
    """The same for model.tar.gz and the repository of an image."""
    s3, api = cloud.client("s3"), cloud.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=archive)
    api.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.role_arn,
        PrimaryContainer={
            "Image": f"{IMAGES}/{repository}:1",
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
