"""EventBridge: what matches a rule reaches every target, as the target's role or with no role."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern, EventsBackend

from penstock.localcloud.shims import events as events_shim
from penstock.localcloud.shims import stepfunctions
from penstock.localcloud.workers.events import EventsWorker
from tests.callers import DEPLOYER, Callers
from tests.waiting import eventually

pytestmark = pytest.mark.offline

APPROVED = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker Model Package State Change"],
    "detail": {"ModelApprovalStatus": ["Approved"]},
}
TARGETS = ("one", "two")


class Bus:
    """A rule with queues and a state machine, on a cloud with nothing but events."""

    def __init__(self, cloud: Any, callers: Callers) -> None:
        context = cloud.context
        self.cloud = cloud
        self.callers = callers
        self.worker = EventsWorker(
            clients=context.clients, clock=context.clock, account_id=context.account_id
        )
        events_shim.install(cloud.patches, deliver=self.worker.deliver)
        stepfunctions.install(cloud.patches, clients=context.clients, clock=context.clock)
        self.api = cloud.client("events")
        self.sqs = cloud.client("sqs")
        self.urls = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in TARGETS}
        self.machine = cloud.client("stepfunctions").create_state_machine(
            name="deploy",
            roleArn=cloud.role_arn,
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        )["stateMachineArn"]

    def rule(
        self, *targets: dict[str, Any], name: str = "approved", state: str = "ENABLED"
    ) -> None:
        self.api.put_rule(Name=name, EventPattern=json.dumps(APPROVED), State=state)
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.api.put_targets(Rule=name, Targets=numbered)

    def queue(self, name: str, **more: Any) -> dict[str, Any]:
        return {"Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}", **more}

    def approve(self, status: str = "Approved") -> None:
        self.worker.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Model Package State Change",
            detail={"ModelApprovalStatus": status, "ModelPackageArn": "arn:p/1"},
            resources=["arn:p/1"],
        )

    def received(self, name: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cloud.client("stepfunctions").list_executions(
            stateMachineArn=self.machine
        )["executions"]
        return found


@pytest.fixture
def bus(bare_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    callers = Callers(bare_cloud.context.account_id)
    callers.watch(monkeypatch)
    found = Bus(bare_cloud, callers)
    yield found
    found.worker.stop()


def test_every_target_gets_the_event_with_the_services_envelope(bus: Bus) -> None:
    bus.rule(bus.queue("one"), bus.queue("two", InputPath="$.detail.ModelPackageArn"))
    bus.approve()
    (event,) = eventually(lambda: bus.received("one"))
    assert event["source"] == "aws.sagemaker"
    assert event["detail-type"] == "SageMaker Model Package State Change"
    assert event["detail"] == {"ModelApprovalStatus": "Approved", "ModelPackageArn": "arn:p/1"}
    assert event["resources"] == ["arn:p/1"]
    assert event["account"] == "123456789012"
    assert eventually(lambda: bus.received("two")) == ["arn:p/1"]
    assert bus.worker.failed_deliveries == []


def test_rules_are_made_while_an_event_looks_for_its_own(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.rule(bus.queue("one"))
    bus.rule(bus.queue("one"), name="second")
    stock, looks = EventPattern.matches_event, threading.Event()

    def slow(self: Any, event: Any) -> bool:
        looks.set()
        time.sleep(0.3)
        return bool(stock(self, event))

    monkeypatch.setattr(EventPattern, "matches_event", slow)
    bus.approve()
    assert looks.wait(10)
    bus.rule(bus.queue("two"), name="later")
    assert eventually(lambda: bus.received("one"))
    bus.worker.stop()  # after everything that has begun
    assert bus.worker.failed_deliveries == []


def test_an_event_that_the_bus_does_not_take_is_told(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no bus today")

    monkeypatch.setattr(EventsBackend, "put_events", broken)
    bus.approve()
    (failure,) = eventually(lambda: bus.worker.failed_deliveries)
    assert "SageMaker Model Package State Change" in failure
    assert "PutEvents" in failure


def test_what_does_not_match_starts_nothing(bus: Bus) -> None:
    bus.rule(bus.queue("one"))
    bus.approve("PendingManualApproval")
    bus.approve()
    (event,) = eventually(lambda: bus.received("one"))
    assert event["detail"]["ModelApprovalStatus"] == "Approved"
    assert bus.received("one") == []


def test_a_disabled_rule_starts_nothing(bus: Bus) -> None:
    bus.rule(bus.queue("one"), state="DISABLED")
    bus.rule(bus.queue("two"), name="witness")
    bus.approve()
    assert eventually(lambda: bus.received("two"))
    bus.worker.stop()  # after everything that has begun
    assert bus.received("one") == []


def test_a_state_machine_is_started_as_the_targets_role(bus: Bus) -> None:
    bus.rule({"Arn": bus.machine, "RoleArn": bus.cloud.role_arn})
    bus.approve()
    (execution,) = eventually(bus.executions)
    described = bus.cloud.client("stepfunctions").describe_execution(
        executionArn=execution["executionArn"]
    )
    assert json.loads(described["input"])["detail"]["ModelPackageArn"] == "arn:p/1"
    calls = bus.callers.by_role()
    assert calls["worker"] == {"states StartExecution"}
    assert "states StartExecution" not in calls[DEPLOYER]


def test_a_target_that_cannot_be_reached_keeps_no_other_from_its_event(bus: Bus) -> None:
    bus.rule(
        {"Arn": bus.machine},  # no role: EventBridge may not start it
        bus.queue("gone"),
        {"Arn": "arn:aws:batch:us-east-1:123456789012:job-queue/q"},
        bus.queue("one"),
    )
    bus.approve()
    assert eventually(lambda: bus.received("one"))
    failures = " | ".join(
        eventually(
            lambda: len(bus.worker.failed_deliveries) == 3 and (bus.worker.failed_deliveries)
        )
    )
    for words in ("needs a RoleArn", ":gone", "targets of service batch"):
        assert words in failures, failures
    assert "rule approved" in failures
    assert bus.executions() == []


def test_nothing_is_delivered_once_the_cloud_closes(bus: Bus) -> None:
    bus.rule(bus.queue("one"))
    bus.worker.stop()
    bus.approve()
    assert bus.received("one") == []
