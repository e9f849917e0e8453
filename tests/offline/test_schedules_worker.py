"""Schedules: targets start at their times when somebody waits past them, and never when not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.shims import events as events_shim
from penstock.localcloud.shims import scheduler as scheduler_shim
from penstock.localcloud.shims import stepfunctions
from penstock.localcloud.workers.events import EventsWorker
from penstock.localcloud.workers.schedules import SchedulesWorker
from tests.callers import DEPLOYER, Callers
from tests.offline.bare_cloud import BareCloud
from tests.waiting import eventually

pytestmark = pytest.mark.offline

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:{}"
HOUR = 3600


class Plan:
    """A cloud with EventBridge and its Scheduler, a state machine and queues."""

    def __init__(self, cloud: BareCloud, callers: Callers) -> None:
        context = cloud.context
        self.clock, self.callers, self.role = context.clock, callers, cloud.role_arn
        self.bus = EventsWorker(
            clients=context.clients, clock=context.clock, account_id=context.account_id
        )
        self.worker = SchedulesWorker(replace(context, events=self.bus))
        events_shim.install(cloud.patches, deliver=self.bus.deliver)
        events_shim.install_schedules(cloud.patches, rules=self.worker, deliver=self.bus.deliver)
        scheduler_shim.install(cloud.patches, schedules=self.worker)
        stepfunctions.install(cloud.patches, clients=context.clients, clock=context.clock)
        self.api, self.rules = cloud.client("scheduler"), cloud.client("events")
        self.sqs, self.states = cloud.client("sqs"), cloud.client("stepfunctions")
        self.machine: str = self.states.create_state_machine(
            name="monitor",
            roleArn=cloud.role_arn,
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        )["stateMachineArn"]
        self.urls = {
            name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("one", "dead")
        }

    def schedule(self, expression: str, *, update: bool = False, **changes: Any) -> None:
        call = self.api.update_schedule if update else self.api.create_schedule
        target = {"Arn": QUEUE_ARN.format("one"), "RoleArn": self.role, "Input": "tick"}
        settings: dict[str, Any] = {
            "Name": "s",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {**target, **changes.pop("target", {})},
        }
        call(**{**settings, **changes})

    def received(self, queue: str = "one") -> list[str]:
        """Everything that has come since the last look."""
        found: list[str] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.urls[queue], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(message["Body"])
                self.attributes = message.get("MessageAttributes", {})
                self.sqs.delete_message(
                    QueueUrl=self.urls[queue], ReceiptHandle=message["ReceiptHandle"]
                )

    def executions(self) -> list[dict[str, Any]]:
        """Inputs of the machine's executions, oldest first."""
        found = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        described = [
            self.states.describe_execution(executionArn=one["executionArn"]) for one in found
        ]
        return [json.loads(one["input"]) for one in sorted(described, key=_started)]

    def to_the_hour(self) -> datetime:
        """Waits until just after the next full hour, so that tests know where they are."""
        now = self.clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self.clock.sleep((hour - now).total_seconds() + 1)
        return hour


def _started(execution: dict[str, Any]) -> str:
    return str(json.loads(execution["input"]).get("scheduled_time"))


@pytest.fixture
def plan(bare_cloud: BareCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    callers = Callers(bare_cloud.context.account_id)
    callers.watch(monkeypatch)
    found = Plan(bare_cloud, callers)
    yield found
    found.worker.stop()
    found.bus.stop()


def test_an_hourly_schedule_starts_a_machine_for_each_hour_that_somebody_waits(
    plan: Plan,
) -> None:
    hour = plan.to_the_hour()
    plan.schedule(
        "cron(20 * * * ? *)",
        target={
            "Arn": plan.machine,
            "Input": json.dumps(
                {
                    "scheduled_time": "<aws.scheduler.scheduled-time>",
                    "schedule": "<aws.scheduler.schedule-arn>",
                    "attempt": "<aws.scheduler.attempt-number>",
                    "execution": "<aws.scheduler.execution-id>",
                }
            ),
        },
    )
    plan.clock.sleep(2.5 * HOUR)
    found = eventually(lambda: plan.executions() if len(plan.executions()) == 3 else None)
    assert [one["scheduled_time"] for one in found] == [
        f"{hour + timedelta(hours=later, minutes=20):%Y-%m-%dT%H:%M:%SZ}" for later in range(3)
    ]
    assert {one["schedule"] for one in found} == {
        "arn:aws:scheduler:us-east-1:123456789012:schedule/default/s"
    }
    assert {one["attempt"] for one in found} == {"1"}
    assert len({one["execution"] for one in found}) == 3
    calls = plan.callers.by_role()
    assert "states StartExecution" in calls["worker"]
    assert "states StartExecution" not in calls[DEPLOYER]


def test_an_idle_cloud_does_not_run_through_its_schedules(plan: Plan) -> None:
    plan.to_the_hour()
    before = plan.clock.now()
    plan.schedule("cron(20 * * * ? *)")
    time.sleep(1)
    assert plan.clock.now() - before < timedelta(minutes=1)
    assert plan.received() == []


def test_a_rate_begins_at_once_or_at_its_start_date(plan: Plan) -> None:
    plan.schedule("rate(1 hour)")
    assert eventually(plan.received) == ["tick"]
    plan.clock.sleep(HOUR + 60)
    assert plan.received() == ["tick"]
    plan.api.delete_schedule(Name="s")
    start = plan.clock.now() + timedelta(hours=3)
    plan.schedule("rate(1 hour)", StartDate=start, EndDate=start + timedelta(hours=1.5))
    plan.clock.sleep(2.9 * HOUR)
    assert plan.received() == []
    plan.clock.sleep(10 * HOUR)
    assert plan.received() == ["tick", "tick"]


def test_a_time_is_taken_once_and_the_schedule_can_be_deleted_after_it(plan: Plan) -> None:
    at = plan.clock.now() + timedelta(hours=2)
    plan.schedule(f"at({at:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion="DELETE")
    plan.clock.sleep(HOUR)
    assert plan.received() == []
    plan.clock.sleep(10 * HOUR)
    assert plan.received() == ["tick"]
    with pytest.raises(plan.api.exceptions.ResourceNotFoundException):
        plan.api.get_schedule(Name="s")


def test_a_schedule_follows_its_time_zone(plan: Plan) -> None:
    plan.schedule(
        "cron(30 12 * * ? *)",
        ScheduleExpressionTimezone="Asia/Kolkata",  # UTC+5:30 all year
        target={"Input": "<aws.scheduler.scheduled-time>"},
    )
    plan.clock.sleep(24 * HOUR)
    (found,) = plan.received()
    assert found.endswith("T07:00:00Z")


def test_a_disabled_schedule_starts_nothing_until_it_is_enabled(plan: Plan) -> None:
    plan.to_the_hour()
    plan.schedule("cron(20 * * * ? *)", State="DISABLED")
    plan.clock.sleep(2 * HOUR)
    assert plan.received() == []
    plan.schedule("cron(20 * * * ? *)", update=True, State="ENABLED")
    plan.clock.sleep(HOUR)
    assert plan.received() == ["tick"]
    plan.schedule("cron(20 * * * ? *)", update=True, State="DISABLED")
    plan.clock.sleep(2 * HOUR)
    assert plan.received() == []


def test_an_update_takes_effect_and_a_deletion_ends_it(plan: Plan) -> None:
    plan.to_the_hour()
    plan.schedule("cron(20 * * * ? *)")
    plan.schedule("cron(40 * * * ? *)", update=True, target={"Input": "tock"})
    plan.clock.sleep(0.5 * HOUR)
    assert plan.received() == []
    plan.clock.sleep(0.5 * HOUR)
    assert plan.received() == ["tock"]
    plan.api.delete_schedule(Name="s")
    plan.clock.sleep(5 * HOUR)
    assert plan.received() == []


def test_an_update_to_a_time_that_is_over_ends_it(plan: Plan) -> None:
    plan.schedule("cron(20 * * * ? *)")
    plan.schedule("at(2020-01-01T00:00:00)", update=True)
    plan.clock.sleep(2 * HOUR)
    assert plan.received() == []


def test_schedules_of_a_deleted_group_end_with_it(plan: Plan) -> None:
    plan.api.create_schedule_group(Name="g")
    plan.schedule("rate(1 hour)", GroupName="g")
    assert eventually(plan.received) == ["tick"]
    plan.api.delete_schedule_group(Name="g")
    plan.clock.sleep(5 * HOUR)
    assert plan.received() == []


def test_without_an_input_the_target_gets_a_scheduled_event(plan: Plan) -> None:
    plan.to_the_hour()
    target = {"Arn": QUEUE_ARN.format("one"), "RoleArn": plan.role}
    plan.schedule("cron(20 * * * ? *)", Target=target)
    plan.clock.sleep(HOUR)
    (body,) = plan.received()
    event = json.loads(body)
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event["resources"] == ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/s"]
    assert event["time"].endswith(":20:00Z")


def test_an_event_bus_can_be_the_target(plan: Plan) -> None:
    plan.rules.put_rule(Name="r", EventPattern=json.dumps({"source": ["clockwork"]}))
    plan.rules.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": QUEUE_ARN.format("one")}])
    plan.schedule(
        "rate(1 hour)",
        target={
            "Arn": "arn:aws:events:us-east-1:123456789012:event-bus/default",
            "EventBridgeParameters": {"DetailType": "Tick", "Source": "clockwork"},
            "Input": json.dumps({"n": 1}),
        },
    )
    (body,) = eventually(plan.received)
    event = json.loads(body)
    assert (event["detail-type"], event["detail"]) == ("Tick", {"n": 1})


def test_what_cannot_be_delivered_is_tried_again_and_then_dead_letter(plan: Plan) -> None:
    plan.schedule(
        "at(2199-01-01T00:00:00)",
        target={"Arn": QUEUE_ARN.format("gone")},
    )
    at = plan.clock.now() + timedelta(minutes=2)
    plan.schedule(
        f"at({at:%Y-%m-%dT%H:%M:%S})",
        update=True,
        target={
            "Arn": QUEUE_ARN.format("gone"),
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 86400},
            "DeadLetterConfig": {"Arn": QUEUE_ARN.format("dead")},
            "Input": "attempt <aws.scheduler.attempt-number>",
        },
    )
    plan.clock.sleep(HOUR)
    assert plan.received("dead") == ["attempt 3"]
    told = {name: value["StringValue"] for name, value in plan.attributes.items()}
    assert told["RETRY_ATTEMPTS"] == "2"
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert told["TARGET_ARN"] == QUEUE_ARN.format("gone")
    (failure,) = plan.worker.failed
    assert "schedule/default/s" in failure
    assert ":gone" in failure


def test_a_retry_succeeds_once_the_target_is_there(plan: Plan) -> None:
    plan.schedule("rate(1 day)", target={"Arn": QUEUE_ARN.format("late")})
    eventually(lambda: "sqs GetQueueUrl" in plan.callers.by_role().get(DEPLOYER, set()))
    plan.urls["late"] = plan.sqs.create_queue(QueueName="late")["QueueUrl"]
    plan.clock.sleep(HOUR)
    assert plan.received("late") == ["tick"]
    assert plan.worker.failed == []


def test_a_target_that_nobody_delivers_to_is_named(plan: Plan) -> None:
    plan.schedule("rate(1 hour)", target={"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"})
    (failure,) = eventually(lambda: plan.worker.failed)
    assert "targets of service scheduler are not delivered here" in failure


@pytest.mark.parametrize("update", [False, True])
def test_an_expression_that_cannot_be_read_is_refused(plan: Plan, update: bool) -> None:
    plan.schedule("cron(0 0 1 1 ? *)", GroupName="default")
    with pytest.raises(ClientError, match="exactly one of day-of-month") as refused:
        plan.schedule("cron(0 12 * * * *)", update=update, Name="s" if update else "t")
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_rule_with_a_schedule_sends_the_scheduled_event_to_its_targets(plan: Plan) -> None:
    plan.to_the_hour()
    arn = plan.rules.put_rule(Name="hourly", ScheduleExpression="cron(20 * * * ? *)")["RuleArn"]
    plan.rules.put_targets(
        Rule="hourly",
        Targets=[
            {"Id": "q", "Arn": QUEUE_ARN.format("one")},
            {"Id": "m", "Arn": plan.machine, "RoleArn": plan.role, "Input": '{"cause": "rule"}'},
        ],
    )
    plan.clock.sleep(HOUR)
    (body,) = eventually(plan.received)
    event = json.loads(body)
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert (event["resources"], event["detail"]) == ([arn], {})
    assert ":20:0" in event["time"]
    assert eventually(plan.executions) == [{"cause": "rule"}]


def test_a_rules_rate_can_be_stopped_changed_and_deleted(plan: Plan) -> None:
    def rule(expression: str, state: str = "ENABLED") -> None:
        plan.rules.put_rule(Name="r", ScheduleExpression=expression, State=state)

    def ticks() -> int:
        time.sleep(0.3)  # deliveries are made by threads of their own
        return len(plan.received())

    rule("rate(1 hour)")
    plan.rules.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": QUEUE_ARN.format("one")}])
    assert ticks() == 0  # a rule, unlike a schedule, waits for its interval first
    plan.clock.sleep(2.5 * HOUR)
    assert ticks() == 2
    plan.rules.disable_rule(Name="r")
    plan.clock.sleep(5 * HOUR)
    assert ticks() == 0
    plan.rules.enable_rule(Name="r")
    plan.clock.sleep(1.5 * HOUR)
    assert ticks() == 1
    rule("rate(3 hours)")
    plan.clock.sleep(3.5 * HOUR)
    assert ticks() == 1
    plan.rules.remove_targets(Rule="r", Ids=["q"])
    plan.rules.delete_rule(Name="r")
    plan.clock.sleep(10 * HOUR)
    assert ticks() == 0


def test_nothing_starts_once_the_cloud_closes(plan: Plan) -> None:
    plan.schedule("cron(20 * * * ? *)")
    plan.worker.stop()
    plan.clock.sleep(3 * HOUR)
    assert plan.received() == []


def test_times_are_the_clouds_not_the_machines(plan: Plan) -> None:
    plan.clock.sleep(30 * HOUR)
    plan.schedule("rate(1 hour)", target={"Input": "<aws.scheduler.scheduled-time>"})
    (found,) = eventually(plan.received)
    ahead = datetime.strptime(found, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - datetime.now(UTC)
    assert ahead > timedelta(hours=29)
