"""What `penstock up` prints works as it is pasted, for a pipeline and for a stranger's app."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.terminal import Terminal
from tests.foreign.assembly import synthesize
from tests.runs.conftest import project
from tests.runs.up_process import Up

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def test_a_pipelines_commands(terminal: Terminal) -> None:
    said = {line: terminal.paste(line) for line in terminal.up.shell_commands}
    expected = {
        "aws kinesis put-record": '"SequenceNumber"',
        "aws s3 ls": "records/year=",
        "aws sagemaker-runtime invoke-endpoint": '"predicted_label": 0}',  # the sample is a zero
        "aws stepfunctions start-execution": '"executionArn"',
        "aws logs filter-log-events": "#quality_metric",
    }
    assert len(said) == len(expected)
    for command, text in expected.items():
        (answer,) = [answer for line, answer in said.items() if command in line]
        assert text in answer, command


def test_a_pipelines_lines_of_python(terminal: Terminal) -> None:
    lines = terminal.up.python_commands
    assert len(lines) == 5
    said = terminal.run(["python", "-c", "\n".join(["import boto3", *lines])])
    for text in ("records/year=", '"predicted_label": 0}', "#quality_metric"):
        assert text in said


def test_each_piece_of_service_has_a_heading(terminal: Terminal) -> None:
    headings = [line for line in terminal.up.lines if re.match(r"# [a-z]", line)]
    assert len(headings) == len(terminal.up.shell_commands)


@pytest.fixture
def strangers(environment: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal beside `penstock up --assembly` of the foreign app."""
    folder = project(tmp_path)
    synthesize(folder / "theirs")
    up = Up(folder, "--assembly", "theirs")
    try:
        yield Terminal(up, tmp_path)
        assert up.end(signal.SIGINT) == 0
        assert up.left_behind() == []
    finally:
        if up.process.poll() is None:
            up.process.kill()


def test_a_strangers_commands(strangers: Terminal) -> None:
    commands = strangers.up.shell_commands
    for part in (
        "aws kinesis put-record ",
        "aws s3 ls ",
        "aws stepfunctions start-execution ",
        "aws logs filter-log-events ",
    ):
        assert any(part in line for line in commands), part
    for line in commands:
        strangers.paste(line)
    strangers.run(["python", "-c", "\n".join(["import boto3", *strangers.up.python_commands])])
    stream = strangers.up.output("Feed")
    shards = strangers.up.client("kinesis").list_shards(StreamName=stream)["Shards"]
    assert sum(_held(strangers.up, stream, shard["ShardId"]) for shard in shards) == 2


def _held(up: Up, stream: str, shard: str) -> int:
    kinesis = up.client("kinesis")
    start = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return sum(r["Data"] == b"hello" for r in kinesis.get_records(ShardIterator=start)["Records"])
