"""`penstock up`: real clients connect to it, and its end leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3
import pytest

from penstock.cli.up import keep_feeding
from tests.runs.conftest import project

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("up")]


class Up:
    """A running `penstock up`, in a process session of its own so that nobody is forgotten."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [Path(sys.prefix, "bin", "penstock"), "up", *arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Up."):
                return
        raise AssertionError("\n".join(self.lines))

    @property
    def environment(self) -> dict[str, str]:
        """What the printed export lines set."""
        pairs = [
            word.split("=", 1)
            for line in self.lines
            if line.startswith("export ")
            for word in line.removeprefix("export ").split()
        ]
        return dict(pairs)

    def client(self, service: str) -> Any:
        given = self.environment
        return boto3.client(
            service,
            endpoint_url=given["AWS_ENDPOINT_URL"],
            region_name=given["AWS_DEFAULT_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )

    def output(self, name: str) -> str:
        return next(line.split(" = ")[1] for line in self.lines if f".{name} = " in line)

    def relatives(self) -> list[int]:
        """Processes of its session that are alive."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return found

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)

    def left_behind(self) -> list[str]:
        """Processes, files and the port that are still there."""
        address = urlparse(self.environment["AWS_ENDPOINT_URL"])
        left = [f"process {pid}" for pid in self.relatives()]
        left += [f"file {path}" for path in self.temporary.rglob("*")]
        with socket.socket() as probe:
            if probe.connect_ex((str(address.hostname), int(address.port or 0))) == 0:
                left.append(f"port {address.port}")
        return left


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

    assert digits.end(signal.SIGINT) == 0
    assert digits.left_behind() == []


def test_sample_traffic_goes_round_until_it_is_ended() -> None:
    class Stream:
        def __init__(self) -> None:
            self.stored: list[bytes] = []

        def put_record(self, **record: Any) -> None:
            self.stored.append(record["Data"])
            if len(self.stored) == 5:
                ended.set()

    ended, stream = threading.Event(), Stream()
    keep_feeding(stream, "s", [b"a", b"b"], 1000, ended)
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
