"""Asynchronous invocations that fail: retries, then the destination and the dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.offline.event_sources_lab import EventSourcesLab, event_sources_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("asynchronous-invocations")]

SOURCE = """
def handler(event, context):
    if event["do"] == "raise":
        raise ValueError("no good")
    return {"did": event["do"]}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventSourcesLab]:
    with event_sources_lab(tmp_path_factory.mktemp("cloud")) as lab:
        yield lab


def invoke(lab: EventSourcesLab, name: str, what: str) -> None:
    lab.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps({"do": what})
    )


def configure(lab: EventSourcesLab, name: str, **config: Any) -> None:
    lab.client("lambda").put_function_event_invoke_config(FunctionName=name, **config)


def test_the_last_failure_is_told_to_the_destination(lab: EventSourcesLab) -> None:
    clock = lab.cloud.context.clock
    name, failed = lab.function(source=SOURCE), lab.queue()
    configure(lab, name, DestinationConfig={"OnFailure": {"Destination": failed}})
    began = clock.now()
    invoke(lab, name, "raise")
    (body,) = lab.messages(failed, 1)
    assert (clock.now() - began).total_seconds() >= 180
    document = json.loads(body)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}:$LATEST"
    assert document["requestContext"].pop("requestId")
    assert document["requestContext"] == {
        "functionArn": arn,
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert document["requestPayload"] == {"do": "raise"}
    assert document["responseContext"]["functionError"] == "Unhandled"
    assert document["responsePayload"]["errorMessage"] == "no good"


def test_success_and_failure_have_destinations_of_their_own(lab: EventSourcesLab) -> None:
    name, failed, done = lab.function(source=SOURCE), lab.queue(), lab.queue()
    topic = lab.client("sns").create_topic(Name="failed")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=failed)
    configure(
        lab,
        name,
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnSuccess": {"Destination": done},
            "OnFailure": {"Destination": topic},
        },
    )
    invoke(lab, name, "well")
    invoke(lab, name, "raise")
    (success,) = lab.messages(done, 1)
    assert json.loads(success)["responsePayload"] == {"did": "well"}
    assert json.loads(success)["requestContext"]["condition"] == "Success"
    (failure,) = lab.messages(failed, 1)
    document = json.loads(json.loads(failure)["Message"])
    assert document["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_that_is_too_old_is_not_tried_again(lab: EventSourcesLab) -> None:
    name, failed = lab.function(source=SOURCE), lab.queue()
    configure(
        lab,
        name,
        MaximumEventAgeInSeconds=90,
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    invoke(lab, name, "raise")
    (body,) = lab.messages(failed, 1)
    context = json.loads(body)["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 2)


def test_the_dead_letter_queue_gets_the_event_and_the_reason(lab: EventSourcesLab) -> None:
    dead = lab.queue()
    name = lab.function(source=SOURCE, DeadLetterConfig={"TargetArn": dead})
    api = lab.client("lambda")
    assert api.get_function_configuration(FunctionName=name)["DeadLetterConfig"] == {
        "TargetArn": dead
    }
    invoke(lab, name, "raise")
    found: list[Any] = []

    def received() -> bool:
        answer = lab.client("sqs").receive_message(
            QueueUrl=lab.url(dead), MessageAttributeNames=["All"]
        )
        found.extend(answer.get("Messages", []))
        return bool(found)

    lab.until(received)
    assert json.loads(found[0]["Body"]) == {"do": "raise"}
    attributes = found[0]["MessageAttributes"]
    assert attributes["ErrorMessage"]["StringValue"] == "no good"
    assert attributes["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}
    assert attributes["RequestID"]["StringValue"]
    api.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in api.get_function_configuration(FunctionName=name)


def test_a_new_configuration_replaces_the_old_one(lab: EventSourcesLab) -> None:
    name, failed = lab.function(source=SOURCE), lab.queue()
    configure(lab, name, MaximumRetryAttempts=2)
    configure(
        lab,
        name,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    api = lab.client("lambda")
    assert api.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 1
    invoke(lab, name, "raise")
    (body,) = lab.messages(failed, 1)
    assert json.loads(body)["requestContext"]["approximateInvokeCount"] == 2


def test_a_destination_that_is_not_delivered_to_is_refused(lab: EventSourcesLab) -> None:
    name = lab.function(source=SOURCE)
    with pytest.raises(ClientError, match=r"OnFailure\.Destination arn:aws:s3:::bucket"):
        configure(
            lab, name, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
        )
