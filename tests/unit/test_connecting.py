"""What `penstock up` prints: variables, and commands that a shell and Python take as they are."""

from __future__ import annotations

import ast
import json
import shlex

import pytest

from penstock.cli.connecting import Command, Example, for_pipeline, for_resources, lines
from pipelines.registry import load
from pipelines.spec import Field, RecordSchema
from tests.synth.series import METERS

EXAMPLE = Example(record='{"id": "it\'s $1", "label": 3}', partition_key="it's $1", request="1,2")
OUTPUTS = {
    "StreamName": "stream",
    "LakeBucketName": "lake",
    "EndpointName": "digits-dev",
    "TrainingStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:training",
}


def test_the_row_of_an_example_has_the_features_and_neither_id_nor_label() -> None:
    pixels = ",".join(str(number) for number in range(64))
    record = f'{{"label": 7, "id": "a", "pixels": [{pixels}]}}'.encode()
    assert Example.of(load()["digits"], record) == Example(record.decode(), "1", pixels)


def test_a_row_of_a_series_is_as_usual_as_can_be_and_the_key_is_the_records() -> None:
    record = b'{"meter": "a", "at": "2026-01-01", "flow": 17}'
    assert Example.of(METERS, record) == Example(record.decode(), "a", "0,0,0,0,0,0,0,0")


def test_a_text_is_asked_about_in_json_by_its_beginning() -> None:
    digits = load()["digits"]
    fields = [Field(name=name, type="string") for name in ("id", "text")]
    schema = RecordSchema(id_field="id", text_field="text", record_kb=8, fields=tuple(fields))
    record = json.dumps({"id": "a", "text": "it's $1\n" * 100}).encode()
    example = Example.of(digits.model_copy(update={"record_schema": schema}), record)
    assert example.record == record.decode()
    assert json.loads(example.request) == {"text": ("it's $1\n" * 100)[:200]}
    ask = for_pipeline({"EndpointName": "reviews-dev"}, example)[0]
    words = shlex.split(ask.shell)
    assert words[2] == example.request
    assert words[words.index("--content-type") + 1] == "application/json"
    assert "ContentType='application/json'" in ask.python
    ast.parse(ask.python)


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
