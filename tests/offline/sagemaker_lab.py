"""What tests of SageMaker's workers share: the shims on a bare cloud, digits in S3, requests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.shims import sagemaker, sagemaker_runtime
from penstock.localcloud.workers.hosting import HostingWorker
from penstock.localcloud.workers.training import TrainingWorker
from penstock.localcloud.workers.transform import TransformWorker
from penstock.recordio import write_dense
from tests.waiting import eventually

IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
RECORDIO = "application/x-recordio-protobuf"
DIGITS = {
    "predictor_type": "multiclass_classifier",
    "num_classes": "10",
    "feature_dim": "64",
    "epochs": "15",
    "mini_batch_size": "32",
}


class SageMakerLab:
    """Training, hosting and transform on a bare cloud; `close` ends all."""

    def __init__(self, cloud: Any, invocation_seconds: float = 5) -> None:
        self.cloud = cloud
        self.training = TrainingWorker(cloud.context, grace_seconds=2)
        self.hosting = HostingWorker(cloud.context, invocation_seconds=invocation_seconds)
        self.transforms = TransformWorker(cloud.context)
        sagemaker.install(
            cloud.patches,
            clock=cloud.context.clock,
            events=cloud.context.events,
            training=self.training,
            hosting=self.hosting,
            transform=self.transforms,
        )
        sagemaker_runtime.install(cloud.patches, invoke=self.hosting.invoke)
        self.s3 = cloud.client("s3")
        self.api = cloud.client("sagemaker")
        self.runtime = cloud.client("sagemaker-runtime")
        self.s3.create_bucket(Bucket="lab")

    def close(self) -> None:
        self.transforms.stop()
        self.training.stop()
        self.hosting.stop()

    def put_digits(self, shards: int = 2, form: str = RECORDIO) -> dict[str, np.ndarray]:
        """Channels train, validation, test under s3://lab/data/; returns the test rows, labels."""
        images, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(7).permutation(len(labels))
        cuts = np.split(order, [int(0.7 * len(order)), int(0.85 * len(order))])
        for name, rows in zip(("train", "validation", "test"), cuts, strict=True):
            for number, part in enumerate(np.array_split(rows, shards)):
                body = encode(images[part], labels[part], form)
                self.s3.put_object(Bucket="lab", Key=f"data/{name}/part-{number:05d}", Body=body)
        return {"rows": images[cuts[2]], "labels": labels[cuts[2]]}

    def request(self, name: str, *channels: str, **changes: Any) -> dict[str, Any]:
        """A CreateTrainingJob request in Pipe mode; `changes` replace its members."""
        request = {
            "TrainingJobName": name,
            "RoleArn": self.cloud.role_arn,
            "HyperParameters": dict(DIGITS),
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"},
            "InputDataConfig": [
                channel(which) for which in channels or ("train", "validation", "test")
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://lab/models"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 5,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "EnableNetworkIsolation": True,
        }
        return {**request, **changes}

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create the job and wait for its end; returns its description."""
        self.api.create_training_job(**request)
        return self.ended(request["TrainingJobName"])

    def ended(self, name: str, seconds: float = 60) -> dict[str, Any]:
        def describe() -> dict[str, Any] | None:
            job = self.api.describe_training_job(TrainingJobName=name)
            return job if job["TrainingJobStatus"] not in ("InProgress", "Stopping") else None

        return eventually(describe, seconds)

    def settled(self, endpoint: str, seconds: float = 60) -> dict[str, Any]:
        def describe() -> dict[str, Any] | None:
            found = self.api.describe_endpoint(EndpointName=endpoint)
            return found if found["EndpointStatus"] not in ("Creating", "Updating") else None

        return eventually(describe, seconds)

    def log_lines(self, job: str, host: str = "algo-1") -> list[str]:
        logs = self.cloud.client("logs")
        group = "/aws/sagemaker/TrainingJobs"
        streams = logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=f"{job}/{host}-"
        )["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group,
                logStreamName=stream["logStreamName"],
                startFromHead=True,
                limit=10_000,
            )["events"]
        ]


def regressor_archive(folder: Path, bias: float) -> bytes:
    """model.tar.gz of a regressor that answers x0 + x1 + bias; it is saved in the folder first."""
    LinearModel("regressor", np.ones((2, 1)), np.array([bias])).save(folder)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder / "model_algo-1", arcname="model_algo-1")
    return archive.getvalue()


def channel(name: str, prefix: str | None = None, **changes: Any) -> dict[str, Any]:
    """One channel of InputDataConfig."""
    return {
        "ChannelName": name,
        "ContentType": RECORDIO,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": prefix or f"s3://lab/data/{name}/",
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        **changes,
    }


def encode(rows: np.ndarray, labels: np.ndarray, form: str) -> bytes:
    """RecordIO-protobuf or CSV with the label first."""
    if form == RECORDIO:
        file = io.BytesIO()
        write_dense(file, rows.astype(np.float32), labels.astype(np.float32))
        return file.getvalue()
    table = np.column_stack([labels, rows])
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in table).encode()
