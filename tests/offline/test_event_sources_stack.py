"""A stack with a stream, a function and their mapping, in a whole local cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.ledger import Life

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("event-sources-stack")]

FUNCTION = """
import base64, boto3, os

def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    if any(text == "poison" for text in texts):
        raise ValueError("poison cannot be read")
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=" ".join(texts))
"""


def att(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def statement(action: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def template(**mapping: Any) -> dict[str, Any]:
    trust = statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    reading = ["kinesis:DescribeStream*", "kinesis:Get*", "kinesis:ListShards"]
    rights = [
        statement(reading, Resource=att("Stream")),
        statement("sns:Publish", Resource={"Ref": "Alerts"}),
        statement("sqs:SendMessage", Resource=att("Dead")),
        statement("logs:*", Resource="*"),
    ]
    delivers = statement(
        "sqs:SendMessage",
        Principal={"Service": "sns.amazonaws.com"},
        Resource=att("Inbox"),
        Condition={"ArnEquals": {"aws:SourceArn": {"Ref": "Alerts"}}},
    )
    destination = {"OnFailure": {"Destination": att("Dead")}}
    resources = {
        "Stream": ("Kinesis::Stream", {"ShardCount": 1}),
        "Dead": ("SQS::Queue", {}),
        "Alerts": ("SNS::Topic", {}),
        "Inbox": ("SQS::Queue", {}),
        "Subscription": (
            "SNS::Subscription",
            {
                "TopicArn": {"Ref": "Alerts"},
                "Protocol": "sqs",
                "Endpoint": att("Inbox"),
                "RawMessageDelivery": True,
            },
        ),
        "InboxPolicy": (
            "SQS::QueuePolicy",
            {"Queues": [{"Ref": "Inbox"}], "PolicyDocument": document(delivers)},
        ),
        "Role": (
            "IAM::Role",
            {
                "AssumeRolePolicyDocument": document(trust),
                "Policies": [{"PolicyName": "own", "PolicyDocument": document(*rights)}],
            },
        ),
        "Function": (
            "Lambda::Function",
            {
                "Code": {"ZipFile": FUNCTION},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Role": att("Role"),
                "Timeout": 30,
                "Environment": {"Variables": {"TOPIC": {"Ref": "Alerts"}}},
            },
        ),
        "Mapping": (
            "Lambda::EventSourceMapping",
            {
                "EventSourceArn": att("Stream"),
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "TRIM_HORIZON",
                "DestinationConfig": destination,
                **mapping,
            },
        ),
    }
    return {
        "Resources": {
            name: {"Type": f"AWS::{type_}", "Properties": properties}
            for name, (type_, properties) in resources.items()
        }
    }


class Stack:
    """The stack `s` and its resources."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.client = cloud.context.clients.deployer
        self.api = self.client("cloudformation")

    def deploy(self, operation: str, **mapping: Any) -> str:
        """The status in the end."""
        getattr(self.api, operation)(
            StackName="s",
            TemplateBody=json.dumps(template(**mapping)),
            Capabilities=["CAPABILITY_IAM"],
        )
        status: list[str] = []

        def settled() -> bool:
            (stack,) = self.api.describe_stacks(StackName="s")["Stacks"]
            status.append(stack["StackStatus"])
            return not status[-1].endswith("_IN_PROGRESS")

        self.until(settled)
        return status[-1]

    def id(self, name: str) -> str:
        resource = self.api.describe_stack_resource(StackName="s", LogicalResourceId=name)
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def put(self, *texts: str) -> None:
        self.client("kinesis").put_records(
            StreamName=self.id("Stream"),
            Records=[{"PartitionKey": "k", "Data": text.encode()} for text in texts],
        )

    def received(self, queue: str) -> list[str]:
        answer = self.client("sqs").receive_message(
            QueueUrl=self.id(queue), MaxNumberOfMessages=10, VisibilityTimeout=3600
        )
        return [message["Body"] for message in answer.get("Messages", [])]

    def until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    workdir: Path = tmp_path_factory.mktemp("cloud")
    with LocalCloud(workdir=workdir) as cloud:
        stack = Stack(cloud)
        made = stack.deploy(
            "create_stack",
            BatchSize="2",
            MaximumRetryAttempts="1",
            BisectBatchOnFunctionError="true",
        )
        assert made == "CREATE_COMPLETE"
        yield stack


def test_records_go_through_the_function_to_the_topic_and_poison_to_the_queue(
    stack: Stack,
) -> None:
    stack.put("a", "b", "poison", "c")
    found: list[str] = []
    stack.until(lambda: found.extend(stack.received("Inbox")) or len(found) == 2)
    assert found == ["a b", "c"]
    dead: list[str] = []
    stack.until(lambda: dead.extend(stack.received("Dead")) or bool(dead))
    assert json.loads(dead[0])["KinesisBatchInfo"]["batchSize"] == 1


def test_the_ledger_says_that_it_lives_and_how(stack: Stack) -> None:
    entries = {entry.resource: entry for entry in stack.cloud.context.ledger.entries()}
    mapping = entries["s/Mapping"]
    assert mapping.life is Life.LIVE
    assert any("pauses between retries" in note for note in mapping.notes)


def test_a_property_that_left_the_template_has_its_default_again(stack: Stack) -> None:
    uuid = stack.id("Mapping")
    assert stack.deploy("update_stack", ParallelizationFactor=2) == "UPDATE_COMPLETE"
    assert stack.id("Mapping") == uuid
    told = stack.client("lambda").get_event_source_mapping(UUID=uuid)
    assert (told["BatchSize"], told["ParallelizationFactor"]) == (100, 2)
    assert (told["MaximumRetryAttempts"], told["BisectBatchOnFunctionError"]) == (-1, False)
    stack.put("d", "e", "f")
    found: list[str] = []
    stack.until(lambda: found.extend(stack.received("Inbox")) or bool(found))
    assert found == ["d e f"]


def test_what_is_not_carried_out_fails_the_stack_by_name(stack: Stack) -> None:
    assert stack.deploy("update_stack", TumblingWindowInSeconds=30) == "UPDATE_ROLLBACK_COMPLETE"
    events = stack.api.describe_stack_events(StackName="s")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("TumblingWindowInSeconds is not carried out" in reason for reason in reasons)
