"""A training job that a running `penstock up` is still at when whatever else has ended."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from penstock.recordio import write_dense
from tests.runs.up_process import Up


def train_without_end(up: Up, *, lake: str, artifacts: str, role_arn: str) -> None:
    """Begin a job in Pipe mode, with data in one of these buckets, the output in the other."""
    shard = io.BytesIO()
    rows = 20_000
    write_dense(shard, np.ones((rows, 64), np.float32), np.arange(rows, dtype=np.float32))
    up.client("s3").put_object(Bucket=lake, Key="prepared/x/part", Body=shard.getvalue())
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lake}/prepared/x/"}
    up.client("sagemaker").create_training_job(
        TrainingJobName="without-end",
        RoleArn=role_arn,
        AlgorithmSpecification={
            "TrainingImage": "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
            "TrainingInputMode": "Pipe",
        },
        HyperParameters={
            "predictor_type": "regressor",
            "feature_dim": "64",
            "epochs": "10000",
            "early_stopping_patience": "10000",
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": source},
                "ContentType": "application/x-recordio-protobuf",
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{artifacts}/x/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )


def is_training(up: Up) -> bool:
    """Whether the program has come up, and its FIFOs."""
    fifos = [path for path in up.temporary.rglob("*") if path.is_fifo()]
    return bool(fifos) and any("linear_learner train" in process for process in up.relatives())
