"""The decision to train again: each reason for and against it, and that two give one name.

The services' answers come from botocore's stubber, which refuses a request or an answer that is
not as the API's model has it.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "lambda" / "decide_retrain" / "handler.py"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:training"
NOW = datetime(2026, 11, 22, 15, 40, 0, tzinfo=UTC)
LAST = NOW - timedelta(hours=3)  # 12:40, so objects from hour=11 on are looked at
HOUR = "records/year=2026/month=11/day=22/hour=11/"
OLDER, NEWER = LAST - timedelta(seconds=1), LAST + timedelta(minutes=1)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("decide_retrain_handler", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


handler = load()
SETTINGS = handler.Settings(
    machine_arn=MACHINE,
    bucket="lake",
    records_prefix="records/",
    alarm_name="violations",
    every_days=7,
    at_most_per_day=2,
    pause_minutes=60,
)


def execution(
    name: str, status: str = "SUCCEEDED", *, began: datetime = LAST, minutes: int = 5
) -> dict[str, Any]:
    """An entry of ListExecutions."""
    ended = {} if status == "RUNNING" else {"stopDate": began + timedelta(minutes=minutes)}
    return {
        "executionArn": f"{MACHINE.replace('stateMachine', 'execution')}:{name}",
        "stateMachineArn": MACHINE,
        "name": name,
        "status": status,
        "startDate": began,
        **ended,
    }


@cache
def client(service: str) -> Any:
    """A client that no setting of this machine gets into; it is stubbed before each use."""
    return boto3.session.Session(botocore_session=botocore.session.Session()).client(
        service,
        region_name="us-east-1",
        endpoint_url="http://localhost:1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@dataclass
class World:
    """What the services answer; pages as lists of lists. None: they must not be asked."""

    executions: list[list[dict[str, Any]]] = field(default_factory=lambda: [[execution("by-hand")]])
    errors: list[str] = field(default_factory=list)  # of DescribeExecution, in order
    created: datetime | None = None
    objects: list[list[datetime]] | None = None
    start_after: str = HOUR
    alarm: str | None = None

    def decide(
        self, cause: str = "alarm", *, settings: Any = SETTINGS, now: datetime = NOW
    ) -> dict[str, Any]:
        """Ask, and see that every answer prepared here was asked for."""
        states, lake, alarms = map(client, ("stepfunctions", "s3", "cloudwatch"))
        with ExitStack() as stack:
            stubs = [stack.enter_context(Stubber(one)) for one in (states, lake, alarms)]
            self._prepare_states(stubs[0])
            self._prepare_lake(stubs[1])
            if self.alarm is not None:
                found = [{"AlarmName": "violations", "StateValue": self.alarm}]
                stubs[2].add_response(
                    "describe_alarms",
                    {"MetricAlarms": found if self.alarm else []},
                    {"AlarmNames": ["violations"], "AlarmTypes": ["MetricAlarm"]},
                )
            answer: dict[str, Any] = handler.decide(
                cause, settings, handler.Clients(states, lake, alarms), now
            )
            for stub in stubs:
                stub.assert_no_pending_responses()
        return answer

    def _prepare_states(self, stub: Stubber) -> None:
        for number, page in enumerate(self.executions, start=1):
            more = {} if number == len(self.executions) else {"nextToken": str(number)}
            token = {} if number == 1 else {"nextToken": str(number - 1)}
            stub.add_response(
                "list_executions",
                {"executions": page, **more},
                {"stateMachineArn": MACHINE, **token},
            )
        failed = [one for page in self.executions for one in page if one["status"] == "FAILED"]
        for one, error in zip(failed, self.errors, strict=False):
            stub.add_response(
                "describe_execution",
                {**one, "error": error},
                {"executionArn": one["executionArn"]},
            )
        if self.created is not None:
            stub.add_response(
                "describe_state_machine",
                {
                    "stateMachineArn": MACHINE,
                    "name": "training",
                    "definition": "{}",
                    "roleArn": "arn:aws:iam::123456789012:role/training",
                    "type": "STANDARD",
                    "creationDate": self.created,
                },
                {"stateMachineArn": MACHINE},
            )

    def _prepare_lake(self, stub: Stubber) -> None:
        for number, page in enumerate(self.objects or [], start=1):
            last = number == len(self.objects or [])
            token = {} if number == 1 else {"ContinuationToken": str(number - 1)}
            stub.add_response(
                "list_objects_v2",
                {
                    "IsTruncated": not last,
                    **({} if last else {"NextContinuationToken": str(number)}),
                    "Contents": [{"Key": "a", "LastModified": written} for written in page],
                },
                {
                    "Bucket": "lake",
                    "Prefix": "records/",
                    "StartAfter": self.start_after,
                    **token,
                },
            )


def test_the_function_needs_nothing_but_the_standard_library_and_boto3() -> None:
    tree = ast.parse(SOURCE.read_text("utf-8"))
    roots = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        str(node.module).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert roots - set(sys.stdlib_module_names) == {"boto3"}


def test_an_alarm_and_newer_records_start_a_training() -> None:
    assert World(objects=[[OLDER, NEWER]]).decide() == {
        "start": True,
        "cause": "alarm",
        "reason": "the alarm went off, and the lake has records newer than "
        "the last training, of 2026-11-22 12:40:00 UTC",
        "name": "retrain-2026-11-22-1",
    }


def test_an_alarm_without_newer_records_starts_nothing() -> None:
    answer = World(objects=[[OLDER, LAST]]).decide()
    assert (answer["start"], answer["name"]) == (False, None)
    assert answer["reason"] == (
        "the alarm went off, but the lake has no records newer than "
        "the last training, of 2026-11-22 12:40:00 UTC"
    )
    assert not World(objects=[[]]).decide()["start"]


def test_newer_records_on_a_later_page_are_found() -> None:
    assert World(objects=[[OLDER], [OLDER, NEWER]]).decide()["start"]


def test_an_object_that_was_written_late_below_the_hour_before_is_found() -> None:
    """Delivery files it by the arrival of its oldest record, up to 15 minutes earlier."""
    last = datetime(2026, 11, 22, 12, 2, 0, tzinfo=UTC)
    world = World(
        executions=[[execution("by-hand", began=last)]],
        objects=[[last + timedelta(minutes=3)]],
        start_after="records/year=2026/month=11/day=22/hour=11/",
    )
    assert world.decide()["start"]


def test_folders_are_those_of_utc_whatever_zone_a_time_is_in() -> None:
    began = LAST.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert World(executions=[[execution("by-hand", began=began)]], objects=[[NOW]]).decide()[
        "start"
    ]


def test_around_midnight_the_hour_before_is_yesterdays() -> None:
    last = datetime(2026, 11, 1, 0, 30, 0, tzinfo=UTC)
    world = World(
        executions=[[execution("by-hand", began=last)]],
        objects=[[NOW]],
        start_after="records/year=2026/month=10/day=31/hour=23/",
    )
    assert world.decide()["start"]


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_while_a_training_runs_nothing_starts(status: str) -> None:
    running = execution("by-hand", status, began=NOW)
    answer = World(executions=[[running, execution("older")]]).decide()
    assert answer["start"] is False
    assert answer["reason"] == "the training by-hand is running"


def test_a_running_training_on_a_later_page_is_seen() -> None:
    pages = [[execution("newer")], [execution("older", "RUNNING", began=OLDER)]]
    assert World(executions=pages).decide()["reason"] == "the training older is running"


def test_between_two_automatic_trainings_lies_the_pause() -> None:
    began = NOW - timedelta(minutes=64)  # it ended 59 minutes ago
    recent = [[execution("retrain-2026-11-22-1", began=began)]]
    answer = World(executions=recent).decide()
    assert answer["start"] is False
    assert answer["reason"] == (
        "the automatic training retrain-2026-11-22-1 ended 59 minutes ago, "
        "and the pause is 60 minutes"
    )
    later = World(
        executions=recent,
        objects=[[NOW]],
        start_after="records/year=2026/month=11/day=22/hour=13/",
    )
    answer = later.decide(now=NOW + timedelta(minutes=1))
    assert (answer["start"], answer["name"]) == (True, "retrain-2026-11-22-2")


def test_the_pause_counts_from_the_automatic_training_that_ended_last() -> None:
    recent = execution("retrain-2026-11-22-1", began=NOW - timedelta(minutes=20))
    older = execution("retrain-2026-11-21-1", began=NOW - timedelta(days=1))
    answer = World(executions=[[recent, older]]).decide()
    assert (answer["start"], "ended 15 minutes ago" in answer["reason"]) == (False, True)


def test_a_training_that_was_started_by_hand_asks_for_no_pause() -> None:
    began = NOW - timedelta(minutes=10)
    world = World(
        executions=[[execution("by-hand", began=began)]],
        objects=[[NOW]],
        start_after="records/year=2026/month=11/day=22/hour=14/",
    )
    assert world.decide()["start"]


def test_a_day_has_so_many_automatic_trainings_and_no_more() -> None:
    today = [
        execution("retrain-2026-11-22-2", began=NOW - timedelta(hours=4)),
        execution("retrain-2026-11-22-1", "FAILED", began=NOW - timedelta(hours=8)),
    ]
    answer = World(executions=[today]).decide()
    assert answer["start"] is False
    assert answer["reason"] == "2 of 2 automatic trainings were started today"


def test_yesterdays_automatic_trainings_do_not_count() -> None:
    yesterday = NOW - timedelta(days=1)
    world = World(
        executions=[
            [
                execution("retrain-2026-11-21-2", began=yesterday),
                execution("retrain-2026-11-21-1", began=yesterday - timedelta(hours=3)),
            ]
        ],
        objects=[[NOW]],
        start_after="records/year=2026/month=11/day=21/hour=14/",
    )
    assert world.decide()["name"] == "retrain-2026-11-22-1"


def test_a_training_that_missed_the_gate_is_the_last_one_too() -> None:
    pages = [[execution("missed", "FAILED"), execution("older", began=LAST - timedelta(days=1))]]
    world = World(executions=pages, errors=["QualityGateMissed"], objects=[[OLDER]])
    assert world.decide()["start"] is False


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_a_training_that_failed_otherwise_is_not(status: str) -> None:
    before = LAST - timedelta(days=1)
    world = World(
        executions=[[execution("broken", status), execution("older", began=before)]],
        errors=["States.TaskFailed"] if status == "FAILED" else [],
        objects=[[LAST]],
        start_after="records/year=2026/month=11/day=21/hour=11/",
    )
    answer = world.decide()
    assert answer["start"] is True
    assert "2026-11-21 12:40:00 UTC" in answer["reason"]


def test_without_any_training_the_machines_creation_stands_in() -> None:
    world = World(executions=[[]], created=LAST, objects=[[NEWER]])
    assert world.decide()["start"] is True
    world = World(executions=[[]], created=LAST, alarm="OK")
    assert world.decide("schedule")["reason"] == (
        "the alarm is in OK, and the last training is 0 of 7 days old"
    )


def test_the_schedule_starts_while_the_alarm_is_on() -> None:
    answer = World(objects=[[NEWER]], alarm="ALARM").decide("schedule")
    assert answer["start"] is True
    assert answer["reason"].startswith("the alarm is in ALARM, and the lake has records newer")


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_the_schedule_starts_nothing_while_the_last_training_is_young(state: str) -> None:
    answer = World(alarm=state).decide("schedule")
    assert answer["start"] is False
    assert answer["reason"] == (
        f"the alarm is in {state}, and the last training is 0 of 7 days old"
    )


def test_the_schedule_starts_when_the_last_training_is_old_enough() -> None:
    then = NOW - timedelta(days=7)
    old: dict[str, Any] = {
        "executions": [[execution("by-hand", began=then)]],
        "objects": [[NOW]],
        "start_after": "records/year=2026/month=11/day=15/hour=14/",
    }
    answer = World(**old, alarm="OK").decide("schedule")
    assert answer["start"] is True
    assert answer["reason"].startswith("the last training is 7 days old, and the lake has")
    assert not World(executions=old["executions"], alarm="OK").decide(
        "schedule", now=NOW - timedelta(seconds=1)
    )["start"]


def test_age_alone_starts_nothing_without_every_days() -> None:
    world = World(executions=[[execution("by-hand", began=NOW - timedelta(days=80))]], alarm="OK")
    answer = world.decide("schedule", settings=replace(SETTINGS, every_days=None))
    assert answer["start"] is False
    assert answer["reason"] == "the alarm is in OK, and trainings are not asked for by age"


def test_without_an_alarm_none_is_asked_for() -> None:
    answer = World().decide("schedule", settings=replace(SETTINGS, alarm_name=""))
    assert answer["reason"] == "there is no alarm, and the last training is 0 of 7 days old"


def test_two_decisions_on_the_same_facts_give_the_same_name() -> None:
    """Only one of two executions of the same name can start (Step Functions, StartExecution)."""
    first, second = (
        World(objects=[[NEWER]], alarm=a).decide(c)
        for c, a in (("alarm", None), ("schedule", "ALARM"))
    )
    assert first["name"] == second["name"] == "retrain-2026-11-22-1"


@pytest.mark.parametrize("cause", ["", "drift", None])
def test_another_cause_is_an_error_that_names_both(cause: Any) -> None:
    with pytest.raises(ValueError, match="it must be alarm or schedule"):
        World(executions=[]).decide(cause)


def test_an_alarm_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no alarm violations"):
        World(alarm="").decide("schedule")


def test_the_settings_come_from_the_environment() -> None:
    environment = {
        "TRAINING_MACHINE_ARN": MACHINE,
        "LAKE_BUCKET": "lake",
        "RECORDS_PREFIX": "records/",
        "ALARM_NAME": "violations",
        "EVERY_DAYS": "7",
        "AT_MOST_PER_DAY": "2",
        "PAUSE_MINUTES": "60",
    }
    assert handler.Settings.of(environment) == SETTINGS
    without_age = handler.Settings.of({**environment, "EVERY_DAYS": ""})
    assert without_age == replace(SETTINGS, every_days=None)
    with pytest.raises(KeyError, match="LAKE_BUCKET"):
        handler.Settings.of({k: v for k, v in environment.items() if k != "LAKE_BUCKET"})


def test_what_a_service_refuses_is_not_hidden() -> None:
    states = client("stepfunctions")
    with Stubber(states) as stub:
        stub.add_client_error("list_executions", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            handler.decide("alarm", SETTINGS, handler.Clients(states, None, None), NOW)
