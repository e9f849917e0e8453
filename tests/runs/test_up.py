"""`penstock up`: real clients connect to it, and its end leaves nothing behind."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.up import keep_feeding
from tests.assemblies import ref, template, write_assembly
from tests.runs.conftest import project
from tests.runs.endless_training import is_training, train_without_end
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

    train_without_end(
        digits,
        lake=digits.output("LakeBucketName"),
        artifacts=digits.output("ArtifactsBucketName"),
        role_arn=role_of_trainings(digits),
    )
    eventually(lambda: is_training(digits), seconds=30)
    assert digits.end(signal.SIGINT) == 0
    assert digits.left_behind() == []


def role_of_trainings(up: Up) -> str:
    """The ARN of the pipeline's own."""
    resources = up.client("cloudformation").list_stack_resources(StackName="digits-dev-training")
    role = next(
        resource["PhysicalResourceId"]
        for resource in resources["StackResourceSummaries"]
        if resource["LogicalResourceId"].startswith("TrainingRole")
    )
    return f"arn:aws:iam::123456789012:role/{role}"


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
    theirs = template(Queue=("SQS::Queue", {}))
    theirs["Outputs"] = {"QueueUrl": {"Value": ref("Queue")}}
    write_assembly(folder / "theirs", {"theirs": theirs})
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
