"""Training jobs of scripts, as a pipeline of this project asks for them."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

from tests.offline.sagemaker_lab import SageMakerLab, channel

REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
IMAGE = f"{REGISTRY}/huggingface-pytorch-training:2.8.0-transformers4.56.2-gpu-py312"
CODE = "/opt/ml/input/data/code/sourcedir.tar.gz"


def packed(**files: str) -> bytes:
    """sourcedir.tar.gz of Python files, by their names without the ending."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{name}.py")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return archive.getvalue()


def request(
    lab: SageMakerLab,
    name: str,
    *channels: dict[str, Any],
    code: bytes,
    hosts: int = 1,
    metrics: dict[str, str] | None = None,
    hyperparameters: dict[str, str] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A request whose code is in the channel `code`, which is put there."""
    lab.s3.put_object(Bucket="lab", Key=f"{name}/sourcedir.tar.gz", Body=code)
    return lab.request(
        name,
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": metric, "Regex": regex} for metric, regex in (metrics or {}).items()
            ],
        },
        HyperParameters={
            "sagemaker_program": json.dumps("train.py"),
            "sagemaker_submit_directory": json.dumps(CODE),
            **(hyperparameters or {}),
        },
        InputDataConfig=[*channels, channel("code", f"s3://lab/{name}/sourcedir.tar.gz")],
        ResourceConfig={
            "InstanceType": "ml.g5.xlarge",
            "InstanceCount": hosts,
            "VolumeSizeInGB": 5,
        },
        **changes,
    )


def metrics_of(job: dict[str, Any]) -> dict[str, float]:
    """FinalMetricDataList by name."""
    return {found["MetricName"]: found["Value"] for found in job["FinalMetricDataList"]}


def artifact(lab: SageMakerLab, job: str) -> dict[str, bytes]:
    """The files of model.tar.gz."""
    body = lab.s3.get_object(Bucket="lab", Key=f"models/{job}/output/model.tar.gz")["Body"].read()
    found = {}
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                found[member.name] = file.read()
    return found
