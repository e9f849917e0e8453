"""`penstock up`: real clients connect to it, and its end leaves nothing behind."""

from __future__ import annotations

import io
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.cli.up import keep_feeding
from penstock.recordio import write_dense
from tests.runs.conftest import project
from tests.runs.up_process import Up
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("up")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture
def digits(folder: Path) -> Iterator[Up]:
    up = Up(folder, "digits")
    yield up
    if up.process.poll() is None:
        up.process.kill()


def test_boto3_finds_a_fed_stream_and_ctrl_c_leaves_nothing_behind(digits: Up) -> None:
    kinesis = digits.client("kinesis")
    stream = digits.output("StreamName")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    deadline = time.monotonic() + 60
    seen = 0
    while seen < 1797 + 18 and time.monotonic() < deadline:
        answer = kinesis.get_records(ShardIterator=start, Limit=1000)
        seen += len(answer["Records"])
        start = answer["NextShardIterator"]
        time.sleep(0.05)
    assert seen == 1797 + 18

    kinesis.put_record(StreamName=stream, Data=b"{}", PartitionKey="1")
    machines = digits.client("stepfunctions").list_state_machines()["stateMachines"]
    assert digits.output("TrainingStateMachineArn") in [m["stateMachineArn"] for m in machines]
    assert any("aws kinesis put-record" in line and stream in line for line in digits.lines)

    train_without_end(digits)
    eventually(lambda: fifos(digits) and trainers(digits), seconds=30)
    assert digits.end(signal.SIGINT) == 0
    assert digits.left_behind() == []


def train_without_end(up: Up) -> None:
    """A job in Pipe mode, by the pipeline's own role, that goes on for a very long time."""
    shard = io.BytesIO()
    rows = 20_000
    write_dense(shard, np.ones((rows, 64), np.float32), np.arange(rows, dtype=np.float32))
    lake = up.output("LakeBucketName")
    up.client("s3").put_object(Bucket=lake, Key="prepared/x/part", Body=shard.getvalue())
    resources = up.client("cloudformation").list_stack_resources(StackName="digits-dev-training")
    role = next(
        resource["PhysicalResourceId"]
        for resource in resources["StackResourceSummaries"]
        if resource["LogicalResourceId"].startswith("TrainingRole")
    )
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lake}/prepared/x/"}
    up.client("sagemaker").create_training_job(
        TrainingJobName="without-end",
        RoleArn=f"arn:aws:iam::123456789012:role/{role}",
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
        OutputDataConfig={"S3OutputPath": f"s3://{up.output('ArtifactsBucketName')}/x/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )


def fifos(up: Up) -> list[Path]:
    return [path for path in up.temporary.rglob("*") if path.is_fifo()]


def trainers(up: Up) -> list[str]:
    return [process for process in up.relatives() if "linear_learner train" in process]


def test_sample_traffic_goes_round_until_it_is_ended() -> None:
    class Stream:
        def __init__(self) -> None:
            self.stored: list[bytes] = []

        def put_record(self, **record: Any) -> None:
            self.stored.append(record["Data"])
            if len(self.stored) == 5:
                ended.set()

    ended, stream = threading.Event(), Stream()
    keep_feeding(stream, "s", itertools.cycle([b"a", b"b"]), 1000, ended)
    assert stream.stored == [b"a", b"b", b"a", b"b", b"a"]


def test_any_assembly_stays_up_in_real_time_until_a_polite_end(folder: Path) -> None:
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
    }
    assembly = folder / "theirs"
    assembly.mkdir()
    (assembly / "theirs.json").write_text(json.dumps(template))
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "theirs.json", "stackName": "theirs"},
    }
    manifest = {"version": "55.0.0", "artifacts": {"theirs": artifact}}
    (assembly / "manifest.json").write_text(json.dumps(manifest))
    up = Up(folder, "--assembly", "theirs")
    queue = up.output("QueueUrl")
    sqs = up.client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    assert up.end(signal.SIGTERM) == 0
    assert up.left_behind() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a pipeline or give --assembly"),
        (("digits", "--assembly", "x"), "name a pipeline or give --assembly"),
        (("didgits",), "unknown pipeline didgits"),
        (("--assembly", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_come_up_is_refused_in_one_line(
    folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = subprocess.run(
        [Path(sys.prefix, "bin", "penstock"), "up", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
