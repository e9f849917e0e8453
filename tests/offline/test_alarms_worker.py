"""Alarms: data that are put change their state, and a change reaches topics, rules and history."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.shims import cloudwatch as cloudwatch_shim
from penstock.localcloud.shims import events as events_shim
from penstock.localcloud.workers.alarms import AlarmsWorker
from penstock.localcloud.workers.events import EventsWorker
from tests.offline.bare_cloud import BareCloud
from tests.waiting import eventually

pytestmark = pytest.mark.offline

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:drift"
DIMENSIONS = [{"Name": "Endpoint", "Value": "e"}, {"Name": "MonitoringSchedule", "Value": "s"}]


class Watch:
    """A cloud with CloudWatch and EventBridge; every topic and rule ends in a queue."""

    def __init__(self, cloud: BareCloud) -> None:
        context = cloud.context
        self.clock = context.clock
        self.bus = EventsWorker(
            clients=context.clients, clock=context.clock, account_id=context.account_id
        )
        self.worker = AlarmsWorker(replace(context, events=self.bus))
        events_shim.install(cloud.patches, deliver=self.bus.deliver)
        cloudwatch_shim.install(cloud.patches, alarms=self.worker, clock=context.clock)
        self.api = cloud.client("cloudwatch")
        self.sqs, self.sns = cloud.client("sqs"), cloud.client("sns")
        self.rules = cloud.client("events")
        self.urls: dict[str, str] = {}

    def queue(self, name: str) -> str:
        self.urls[name] = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return f"arn:aws:sqs:us-east-1:123456789012:{name}"

    def topic(self, name: str) -> str:
        arn: str = self.sns.create_topic(Name=name)["TopicArn"]
        self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=self.queue(name))
        return arn

    def rule(self, name: str, pattern: dict[str, Any]) -> None:
        self.rules.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self.rules.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": self.queue(name)}])

    def alarm(self, **changes: Any) -> None:
        settings: dict[str, Any] = {
            "AlarmName": "drift",
            "Namespace": "data",
            "MetricName": "violations",
            "Dimensions": DIMENSIONS,
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.0,
            "TreatMissingData": "ignore",
            **changes,
        }
        self.api.put_metric_alarm(**settings)

    def put(self, value: float, **more: Any) -> None:
        one = {"MetricName": "violations", "Dimensions": DIMENSIONS, "Value": value, **more}
        self.api.put_metric_data(Namespace="data", MetricData=[one])

    def described(self) -> dict[str, Any]:
        (found,) = self.api.describe_alarms(AlarmNames=["drift"])["MetricAlarms"]
        return dict(found)

    def state(self) -> str:
        return str(self.described()["StateValue"])

    def comes_to(self, state: str) -> None:
        eventually(lambda: self.state() == state)

    def messages(self, queue: str, count: int = 1) -> list[dict[str, Any]]:
        """Bodies in the order in which they came, once there are so many."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            answer = self.sqs.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10)
            found.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            return len(found) >= count

        eventually(enough)
        assert len(found) == count, found
        return found


@pytest.fixture
def watch(bare_cloud: BareCloud) -> Iterator[Watch]:
    found = Watch(bare_cloud)
    yield found
    found.worker.stop()
    found.bus.stop()


def test_what_is_put_takes_the_alarm_to_alarm_and_back(watch: Watch) -> None:
    watch.alarm()
    assert watch.state() == "INSUFFICIENT_DATA"
    before = watch.clock.now()
    watch.put(0)
    watch.comes_to("OK")
    watch.put(40)
    watch.comes_to("ALARM")
    found = watch.described()
    assert "[40.0 (" in found["StateReason"]
    assert "was greater than or equal to the threshold (1.0)" in found["StateReason"]
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [40.0]
    assert before < found["StateUpdatedTimestamp"] <= watch.clock.now()
    watch.put(0)
    watch.comes_to("OK")
    # each put was answered by the next minute of the cloud's time
    assert watch.clock.now() - before < timedelta(minutes=5)


def test_a_change_is_published_and_matched_by_a_rule(watch: Watch) -> None:
    watch.rule(
        "watcher",
        {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "resources": [ARN],
            "detail": {"state": {"value": ["ALARM"]}},
        },
    )
    watch.alarm(
        AlarmDescription="drifted",
        AlarmActions=[watch.topic("alerts")],
        OKActions=[watch.topic("relief")],
    )
    watch.put(0)
    watch.comes_to("OK")
    watch.put(40)
    (envelope,) = watch.messages("alerts")
    assert envelope["Subject"] == 'ALARM: "drift" in US East (N. Virginia)'
    message = json.loads(envelope["Message"])
    state = watch.described()
    assert message["AlarmName"] == "drift"
    assert message["AlarmArn"] == ARN
    assert message["AWSAccountId"] == "123456789012"
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["NewStateReason"] == state["StateReason"]
    trigger = message["Trigger"]
    assert trigger["MetricName"] == "violations"
    assert trigger["Statistic"] == "MAXIMUM"
    assert (trigger["Period"], trigger["Threshold"]) == (60, 1.0)
    assert {"name": "Endpoint", "value": "e"} in trigger["Dimensions"]
    (relief,) = watch.messages("relief")
    assert json.loads(relief["Message"])["NewStateValue"] == "OK"
    (event,) = watch.messages("watcher")
    assert event["source"] == "aws.cloudwatch"
    assert event["resources"] == [ARN]
    detail = event["detail"]
    assert detail["alarmName"] == "drift"
    assert (detail["previousState"]["value"], detail["state"]["value"]) == ("OK", "ALARM")
    assert detail["state"]["reason"] == state["StateReason"]
    assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [40.0]
    (metric,) = detail["configuration"]["metrics"]
    assert metric["metricStat"]["metric"] == {
        "namespace": "data",
        "name": "violations",
        "dimensions": {"Endpoint": "e", "MonitoringSchedule": "s"},
    }
    assert detail["configuration"]["description"] == "drifted"


def test_no_action_is_taken_while_actions_are_disabled_or_the_state_stays(watch: Watch) -> None:
    topic = watch.topic("alerts")
    watch.alarm(AlarmActions=[topic], ActionsEnabled=False)
    watch.put(40)
    watch.comes_to("ALARM")
    watch.api.enable_alarm_actions(AlarmNames=["drift"])
    watch.put(41)
    watch.api.set_alarm_state(AlarmName="drift", StateValue="ALARM", StateReason="still")
    watch.clock.sleep(300)
    watch.put(0)
    watch.comes_to("OK")
    watch.put(42)
    (envelope,) = watch.messages("alerts")
    assert "[42.0 (" in json.loads(envelope["Message"])["NewStateReason"]


def test_data_of_another_metric_leave_the_alarm_alone(watch: Watch) -> None:
    watch.alarm(Unit="Count")
    watch.put(40, Unit="Percent")
    watch.clock.sleep(120)
    watch.put(40, Unit="Count", Dimensions=DIMENSIONS[:1])
    before = watch.clock.now()
    watch.put(40, Unit="Count", MetricName="else")
    time.sleep(1)
    assert watch.clock.now() - before < timedelta(seconds=30), "nobody waits for an evaluation"
    watch.clock.sleep(120)
    assert watch.state() == "INSUFFICIENT_DATA"
    watch.put(40, Unit="Count", Dimensions=DIMENSIONS[::-1])
    watch.comes_to("ALARM")


@pytest.mark.parametrize(
    ("treatment", "later"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "ALARM"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_without_new_data_the_treatment_of_missing_data_decides(
    watch: Watch, treatment: str, later: str
) -> None:
    watch.alarm(TreatMissingData=treatment)
    watch.put(40)
    watch.comes_to("ALARM")
    watch.clock.sleep(600)
    watch.comes_to(later)


@pytest.mark.parametrize(
    ("treatment", "state"),
    [("missing", "INSUFFICIENT_DATA"), ("breaching", "ALARM"), ("notBreaching", "OK")],
)
def test_a_new_alarm_is_evaluated_though_nothing_ever_came(
    watch: Watch, treatment: str, state: str
) -> None:
    watch.alarm(TreatMissingData=treatment)
    watch.clock.sleep(120)
    watch.comes_to(state)


def test_two_of_three_periods_must_breach(watch: Watch) -> None:
    watch.alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    watch.put(40)
    watch.comes_to("OK")
    watch.put(40)
    watch.comes_to("ALARM")


def test_a_state_that_was_set_lasts_until_the_next_evaluation(watch: Watch) -> None:
    watch.rule("watcher", {"detail-type": ["CloudWatch Alarm State Change"]})
    watch.alarm(TreatMissingData="ignore")
    watch.put(40)
    watch.comes_to("ALARM")
    watch.clock.sleep(3600)  # the datum is older than what is evaluated: ALARM is only kept
    with watch.clock.busy():
        watch.api.set_alarm_state(AlarmName="drift", StateValue="OK", StateReason="a test")
        found = watch.described()
        assert (found["StateValue"], found["StateReason"]) == ("OK", "a test")
    watch.comes_to("ALARM")
    assert "[40.0 (" in watch.described()["StateReason"]
    changes = [
        (event["detail"]["previousState"]["value"], event["detail"]["state"]["value"])
        for event in watch.messages("watcher", 3)
    ]
    assert changes == [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK"), ("OK", "ALARM")]


def test_a_state_that_is_set_before_any_data_came_does_not_last_either(watch: Watch) -> None:
    watch.alarm()
    with watch.clock.busy():
        watch.api.set_alarm_state(AlarmName="drift", StateValue="ALARM", StateReason="a test")
        assert watch.state() == "ALARM"
    watch.comes_to("INSUFFICIENT_DATA")


def test_a_senders_clock_may_be_behind(watch: Watch) -> None:
    watch.alarm()
    watch.clock.sleep(5 * 3600)
    real = datetime.now(UTC)
    assert watch.clock.now() - real > timedelta(hours=4)
    watch.put(40, Timestamp=real)
    watch.comes_to("ALARM")
    watch.put(0, Timestamp=watch.clock.now())
    watch.comes_to("OK")


def test_an_idle_cloud_is_not_driven_on_by_its_alarms(watch: Watch) -> None:
    watch.alarm(TreatMissingData="missing")
    watch.put(40)
    watch.comes_to("ALARM")
    before = watch.clock.now()
    time.sleep(1)
    assert watch.clock.now() - before < timedelta(seconds=30)
    assert watch.state() == "ALARM"


def test_a_changed_alarm_keeps_its_state_and_a_deleted_one_does_nothing(watch: Watch) -> None:
    watch.alarm(AlarmActions=[watch.topic("alerts")])
    watch.put(40)
    watch.comes_to("ALARM")
    watch.messages("alerts")
    watch.alarm(AlarmActions=["arn:aws:sns:us-east-1:123456789012:alerts"], Threshold=50)
    assert watch.state() == "ALARM"
    watch.put(40)
    watch.comes_to("OK")
    watch.put(60)
    watch.api.delete_alarms(AlarmNames=["drift"])
    watch.clock.sleep(600)
    assert watch.sqs.receive_message(QueueUrl=watch.urls["alerts"]).get("Messages", []) == []


def test_the_history_says_what_happened_newest_first(watch: Watch) -> None:
    watch.alarm(AlarmActions=[watch.topic("alerts"), "arn:aws:ssm:us-east-1:1:opsitem:1"])
    watch.put(40)
    watch.comes_to("ALARM")

    def history(**which: Any) -> list[dict[str, Any]]:
        return list(
            watch.api.describe_alarm_history(AlarmName="drift", **which)["AlarmHistoryItems"]
        )

    eventually(lambda: len(history(HistoryItemType="Action")) == 2)
    assert [item["HistoryItemType"] for item in history()] == [
        "Action",
        "Action",
        "StateUpdate",
        "ConfigurationUpdate",
    ]
    (change,) = history(HistoryItemType="StateUpdate")
    assert change["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    data = json.loads(change["HistoryData"])
    assert data["newState"]["stateReason"] == watch.described()["StateReason"]
    failed, done = (item["HistorySummary"] for item in history(HistoryItemType="Action"))
    assert failed == "Failed to execute action arn:aws:ssm:us-east-1:1:opsitem:1"
    assert done.startswith("Successfully executed action arn:aws:sns:")
    assert watch.worker.failed_actions == [
        "alarm drift: action arn:aws:ssm:us-east-1:1:opsitem:1: "
        "actions of service ssm are not carried out here"
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TreatMissingData": "zero"}, "TreatMissingData are breaching, notBreaching"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm 2 must be at most EvaluationPeriods 1"),
        ({"Period": 90}, "Period 90 must be 10, 20, 30 or a multiple of 60"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    watch: Watch, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        watch.alarm(**settings)
