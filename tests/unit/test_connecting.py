"""What `penstock up` prints: variables, and commands that a shell and Python take as they are."""

from __future__ import annotations

import ast
import json
import shlex

import pytest

from penstock.cli.connecting import Command, Example, for_pipeline, for_resources, lines
from penstock.cli.errors import UsageError
from pipelines.registry import load
from tests.synth.series import METERS

EXAMPLE = Example(record='{"id": "it\'s $1", "label": 3}', partition_key="it's $1", row="1,2")
OUTPUTS = {
    "StreamName": "stream",
    "LakeBucketName": "lake",
    "EndpointName": "digits-dev",
    "TrainingStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:training",
}


def test_the_row_of_an_example_has_the_features_and_neither_id_nor_label() -> None:
    pixels = ",".join(str(number) for number in range(64))
    record = f'{{"label": 7, "id": "a", "pixels": [{pixels}]}}'.encode()
    assert Example.of(load()["digits"], [record]) == Example(record.decode(), "1", pixels)


def meters(count: int) -> list[bytes]:
    """So many points of two meters, in turn."""
    return [
        json.dumps({"meter": meter, "at": f"2026-01-{day:02d}", "flow": day + offset}).encode()
        for day in range(1, count + 1)
        for meter, offset in (("a", 0), ("b", 100))
    ]


def test_a_window_is_the_first_points_of_one_series_and_the_key_is_the_records() -> None:
    example = Example.of(METERS, meters(9))
    assert example == Example(meters(1)[0].decode(), "a", "1,2,3,4,5,6,7,8")
    assert len(example.row.split(",")) == len(METERS.row_columns)


def test_a_sample_without_a_whole_window_is_refused() -> None:
    with pytest.raises(UsageError, match="7 points of the series a, and a row of digits has 8"):
        Example.of(METERS, meters(7))


def test_the_record_is_put_with_its_own_partition_key() -> None:
    put, *_ = for_pipeline(OUTPUTS, EXAMPLE)
    words = shlex.split(put.shell)
    assert words[words.index("--partition-key") + 1] == EXAMPLE.partition_key
    assert f"PartitionKey={EXAMPLE.partition_key!r}" in put.python
    hello, *_ = for_resources([("AWS::Kinesis::Stream", "stream")])
    assert "--partition-key 1 " in hello.shell


def test_each_output_of_a_pipeline_has_its_commands() -> None:
    assert [command.does for command in for_pipeline(OUTPUTS, EXAMPLE)] == [
        "put a record on the stream",
        "look at what lies in the bucket",
        "ask the endpoint, once it is in service",
        "train again",
        "read what the training jobs log",
    ]
    assert for_pipeline({}, EXAMPLE) == []


def test_a_record_reaches_the_shell_and_python_to_the_letter() -> None:
    put, *_ = for_pipeline(OUTPUTS, EXAMPLE)
    assert shlex.split(put.shell)[:3] == ["printf", "%s", EXAMPLE.record]
    constants = [node for node in ast.walk(ast.parse(put.python)) if isinstance(node, ast.Constant)]
    assert EXAMPLE.record in [node.value for node in constants]


@pytest.mark.parametrize("place", range(5))
def test_every_command_names_its_resource_in_both_languages(place: int) -> None:
    names = [*OUTPUTS.values(), "/aws/sagemaker/TrainingJobs"]
    command = for_pipeline(OUTPUTS, EXAMPLE)[place]
    ast.parse(command.python)
    assert names[place] in command.shell
    assert names[place] in command.python


def test_any_stacks_get_a_command_for_each_resource_that_has_one() -> None:
    found = for_resources(
        [
            ("AWS::SQS::Queue", "http://127.0.0.1:1/queue"),
            ("AWS::IAM::Role", "role"),
            ("AWS::Logs::LogGroup", "/app"),
        ]
    )
    assert [command.does for command in found] == ["receive from the queue", "read the log"]


def test_the_lines_are_the_environment_the_commands_and_the_outputs() -> None:
    told = lines(
        endpoint_url="http://127.0.0.1:5000",
        region="eu-west-1",
        commands=[Command("look", "aws s3 ls", "print(1)")],
        outputs={"stack": {"Feed": "name", "ExportsOutputRefKey": "key"}},
    )
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:5000 AWS_DEFAULT_REGION=eu-west-1" in told
    assert told.index("aws s3 ls") < told.index("import boto3") < told.index("print(1)")
    assert "  stack.Feed = name" in told
    assert not any("ExportsOutput" in line for line in told)
    without = lines(endpoint_url="http://a", region="r", commands=[], outputs={})
    assert "import boto3" not in without
