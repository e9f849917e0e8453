"""What to paste into another terminal to reach a local cloud: variables, AWS CLI, boto3."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.spec import Pipeline

Outputs = dict[str, dict[str, str]]
# Names that SageMaker fixes: every training job logs there (SageMaker developer guide, "Log
# Amazon SageMaker Events with Amazon CloudWatch").
_TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
_TEXT_SIGNS = 200  # of a text to ask about: commands are read by people
_ANY_KEY = "1"  # for a record whose order does not matter
PYTHON_FOLLOWS = "# The same in Python:"


@dataclass(frozen=True)
class Example:
    """A record as producers send it, with its partition key, and a request to the endpoint.

    The request has the features of the record in a row of CSV. Those of a time series are
    normalised by the job, where 0 is as usual as can be. Of a text it is the beginning, in JSON.
    """

    record: str
    partition_key: str
    request: str
    content_type: str = "text/csv"

    @classmethod
    def of(cls, pipeline: Pipeline, record: bytes) -> Example:
        """From a record that keeps the pipeline's schema."""
        schema = pipeline.record_schema
        document = json.loads(record)
        key_field = pipeline.stream.partition_key_field
        key = _ANY_KEY if key_field is None else document[key_field]
        if schema.text_field is not None:
            request = json.dumps({"text": document[schema.text_field][:_TEXT_SIGNS]})
            return cls(record.decode(), key, request, "application/json")
        values: list[Any] = []
        for field in schema.fields:
            if field.name not in (*schema.identity_fields, schema.label_field):
                value = document[field.name]
                values += [value] if field.length is None else value
        if schema.series_field is not None:
            values = [0] * len(pipeline.row_columns)
        return cls(record.decode(), key, ",".join(map(str, values)))


@dataclass(frozen=True)
class Command:
    """One thing to do, as a line for a shell and as a line for Python with boto3."""

    does: str
    shell: str
    python: str


def lines(
    *, endpoint_url: str, region: str, commands: Sequence[Command], outputs: Outputs
) -> list[str]:
    """The environment, then the commands, then what the stacks put out."""
    text = [
        "",
        "In another terminal (boto3, the AWS CLI and everything built on them):",
        f"export AWS_ENDPOINT_URL={endpoint_url} AWS_DEFAULT_REGION={region}",
        "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
    ]
    for command in commands:
        text += ["", f"# {command.does}", command.shell]
    if commands:
        text += ["", PYTHON_FOLLOWS, "import boto3"]
        text += [command.python for command in commands]
    text += ["", "Outputs of the stacks:"]
    text += [
        f"  {stack}.{name} = {value}"
        for stack, values in outputs.items()
        for name, value in values.items()
        if not name.startswith("ExportsOutput")  # CDK's own, for its other stacks
    ]
    return [*text, "", "Up. Buffers and schedules take their real time. Ctrl-C ends everything."]


def for_pipeline(outputs: Mapping[str, str], example: Example) -> list[Command]:
    """What one does with a pipeline, as far as its stacks have it."""
    commands = []
    if "StreamName" in outputs:
        commands.append(_put_record(outputs["StreamName"], example.record, example.partition_key))
    if "LakeBucketName" in outputs:
        commands.append(_list_bucket(outputs["LakeBucketName"]))
    if "EndpointName" in outputs:
        commands.append(_ask(outputs["EndpointName"], example))
    if "TrainingStateMachineArn" in outputs:
        commands.append(_start(outputs["TrainingStateMachineArn"], "train again"))
        commands.append(_read_logs(_TRAINING_LOGS, "read what the training jobs log"))
    return commands


def for_resources(resources: Iterable[tuple[str, str]]) -> list[Command]:
    """What one does with any stacks: a command for each (type, physical id) that has one."""
    making = {
        "AWS::Kinesis::Stream": lambda name: _put_record(name, "hello"),
        "AWS::SQS::Queue": _receive,
        "AWS::S3::Bucket": _list_bucket,
        "AWS::StepFunctions::StateMachine": _start,
        "AWS::Logs::LogGroup": _read_logs,
    }
    return [making[kind](name) for kind, name in resources if kind in making]


# `fileb://` is taken as it is by both versions of the AWS CLI; a text in the line is not.


def _put_record(stream: str, record: str, partition_key: str = _ANY_KEY) -> Command:
    return Command(
        "put a record on the stream",
        f"printf %s {shlex.quote(record)} | aws kinesis put-record "
        f"--partition-key {shlex.quote(partition_key)} --data fileb:///dev/stdin "
        f"--stream-name {shlex.quote(stream)}",
        f'boto3.client("kinesis").put_record(StreamName={stream!r}, '
        f"PartitionKey={partition_key!r}, Data={record!r})",
    )


def _list_bucket(bucket: str) -> Command:
    return Command(
        "look at what lies in the bucket",
        f"aws s3 ls --recursive s3://{shlex.quote(bucket)}",
        f'print(*[found.key for found in boto3.resource("s3").Bucket({bucket!r}).objects.all()], '
        'sep="\\n")',
    )


def _ask(endpoint: str, example: Example) -> Command:
    return Command(
        "ask the endpoint, once it is in service",
        f"printf %s {shlex.quote(example.request)} | aws sagemaker-runtime invoke-endpoint "
        f"--content-type {example.content_type} --body fileb:///dev/stdin "
        f"--endpoint-name {shlex.quote(endpoint)} /dev/stdout",
        f'print(boto3.client("sagemaker-runtime").invoke_endpoint(EndpointName={endpoint!r}, '
        f"ContentType={example.content_type!r}, "
        f'Body={example.request!r})["Body"].read().decode())',
    )


def _start(machine: str, does: str = "start the state machine") -> Command:
    return Command(
        does,
        f"aws stepfunctions start-execution --state-machine-arn {shlex.quote(machine)}",
        f'boto3.client("stepfunctions").start_execution(stateMachineArn={machine!r})',
    )


def _receive(queue: str) -> Command:
    return Command(
        "receive from the queue",
        f"aws sqs receive-message --queue-url {shlex.quote(queue)}",
        f'print(boto3.client("sqs").receive_message(QueueUrl={queue!r}))',
    )


def _read_logs(group: str, does: str = "read the log") -> Command:
    return Command(
        does,
        "aws logs filter-log-events --query 'events[].[message]' --output text "
        f"--log-group-name {shlex.quote(group)}",
        'print(*[event["message"] for page in boto3.client("logs").get_paginator('
        f'"filter_log_events").paginate(logGroupName={group!r}) for event in page["events"]], '
        'sep="\\n")',
    )
