"""Decides whether the pipeline trains again now; standard library and boto3 only.

Asked by an alarm or by a schedule ({"cause": "alarm" | "schedule"}), it answers {"start",
"cause", "reason", "name"}: whether to start, why in one sentence, and the name of the execution
to start. Two decisions on the same facts give the same name, so that only one of them can start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

AUTOMATIC = "retrain-"
# the error of the training machine's state GateMissed: the job ran, its model was not good enough
GATE_ERROR = "QualityGateMissed"
CAUSES = ("alarm", "schedule")


@dataclass(frozen=True)
class Settings:
    """What the stack says, by the function's environment; `alarm_name` is empty without one."""

    machine_arn: str
    bucket: str
    records_prefix: str
    alarm_name: str
    every_days: int | None
    at_most_per_day: int
    pause_minutes: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read from environment variables.

        Raises:
            KeyError, ValueError: one is missing or no number.
        """
        every_days = environment["EVERY_DAYS"]
        return cls(
            machine_arn=environment["TRAINING_MACHINE_ARN"],
            bucket=environment["LAKE_BUCKET"],
            records_prefix=environment["RECORDS_PREFIX"],
            alarm_name=environment["ALARM_NAME"],
            every_days=int(every_days) if every_days else None,
            at_most_per_day=int(environment["AT_MOST_PER_DAY"]),
            pause_minutes=int(environment["PAUSE_MINUTES"]),
        )


@dataclass(frozen=True)
class Clients:
    """The three services that are asked."""

    states: Any
    lake: Any
    alarms: Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry point.

    Raises:
        ValueError: the event names no cause that there is.
        botocore.exceptions.ClientError: a service refuses an answer.
    """
    clients = Clients(boto3.client("stepfunctions"), boto3.client("s3"), boto3.client("cloudwatch"))
    return decide(event.get("cause"), Settings.of(os.environ), clients, datetime.now(UTC))


def decide(cause: Any, settings: Settings, clients: Clients, now: datetime) -> dict[str, Any]:
    """The answer at a time, which is UTC."""
    if cause not in CAUSES:
        raise ValueError(f"cause is {cause!r}: it must be {' or '.join(CAUSES)}")
    executions = list(_executions(clients.states, settings.machine_arn))
    automatic = [one for one in executions if one["name"].startswith(AUTOMATIC)]
    today = f"{AUTOMATIC}{now:%Y-%m-%d}-"
    started_today = [one for one in automatic if one["name"].startswith(today)]

    def answer(start: bool, reason: str) -> dict[str, Any]:
        name = f"{today}{len(started_today) + 1}" if start else None
        return {"start": start, "cause": cause, "reason": reason, "name": name}

    obstacle = _obstacle(settings, executions, automatic, len(started_today), now)
    if obstacle is not None:
        return answer(False, obstacle)
    last = _last_training(clients.states, settings.machine_arn, executions)
    due, occasion = _occasion(cause, settings, clients.alarms, last, now)
    if not due:
        return answer(False, occasion)
    if not _has_newer_records(clients.lake, settings, last):
        return answer(False, f"{occasion}, but the lake has no records newer than {_time(last)}")
    return answer(True, f"{occasion}, and the lake has records newer than {_time(last)}")


def _obstacle(
    settings: Settings,
    executions: list[dict[str, Any]],
    automatic: list[dict[str, Any]],
    count_today: int,
    now: datetime,
) -> str | None:
    """What forbids a training whatever the occasion, or None."""
    for one in executions:
        if _is_running(one):
            return f"the training {one['name']} is running"
    if count_today >= settings.at_most_per_day:
        return f"{count_today} of {settings.at_most_per_day} automatic trainings were started today"
    if automatic:
        last = max(automatic, key=lambda one: one["stopDate"])
        pause = now - last["stopDate"]
        if pause < timedelta(minutes=settings.pause_minutes):
            return (
                f"the automatic training {last['name']} ended {pause // timedelta(minutes=1)} "
                f"minutes ago, and the pause is {settings.pause_minutes} minutes"
            )
    return None


def _occasion(
    cause: str, settings: Settings, alarms: Any, last: datetime, now: datetime
) -> tuple[bool, str]:
    """Whether there is a reason to train again, and which."""
    if cause == "alarm":
        return True, "the alarm went off"
    state = _alarm_state(alarms, settings.alarm_name) if settings.alarm_name else None
    if state == "ALARM":
        return True, "the alarm is in ALARM"
    age = (now - last).days
    alarm = "there is no alarm" if state is None else f"the alarm is in {state}"
    if settings.every_days is None:
        return False, f"{alarm}, and trainings are not asked for by age"
    if age >= settings.every_days:
        return True, f"the last training is {age} days old"
    return False, f"{alarm}, and the last training is {age} of {settings.every_days} days old"


def _executions(states: Any, machine_arn: str) -> Iterator[dict[str, Any]]:
    """All that Step Functions still knows (90 days), the newest first."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine_arn)
    for page in pages:
        yield from page["executions"]


def _is_running(execution: Mapping[str, Any]) -> bool:
    return execution["status"] in ("RUNNING", "PENDING_REDRIVE")


def _last_training(states: Any, machine_arn: str, executions: list[dict[str, Any]]) -> datetime:
    """When the last training began that got as far as a model, good enough or not.

    One that failed otherwise has learned nothing from the lake. Where none is known, the
    machine's own beginning stands in: before it there was no training either, or it is so long
    ago that Step Functions has forgotten it, which is old enough.
    """
    for one in sorted(executions, key=lambda one: one["startDate"], reverse=True):
        if one["status"] == "SUCCEEDED" or (
            one["status"] == "FAILED"
            and states.describe_execution(executionArn=one["executionArn"]).get("error")
            == GATE_ERROR
        ):
            began: datetime = one["startDate"]
            return began
    created: datetime = states.describe_state_machine(stateMachineArn=machine_arn)["creationDate"]
    return created


def _has_newer_records(lake: Any, settings: Settings, since: datetime) -> bool:
    """Whether an object of records was written after a time.

    Delivery puts an object below the hour in which its oldest record arrived and writes it up to
    15 minutes later, so the hour before the time is looked at as well. S3 gives times in whole
    seconds: what was written within the second of the time counts as older.
    """
    hour = (since.astimezone(UTC) - timedelta(hours=1)).strftime("year=%Y/month=%m/day=%d/hour=%H/")
    pages = lake.get_paginator("list_objects_v2").paginate(
        Bucket=settings.bucket,
        Prefix=settings.records_prefix,
        StartAfter=f"{settings.records_prefix}{hour}",
    )
    return any(one["LastModified"] > since for page in pages for one in page.get("Contents", ()))


def _alarm_state(alarms: Any, name: str) -> str:
    """OK, ALARM or INSUFFICIENT_DATA.

    Raises:
        ValueError: there is no such alarm.
    """
    found = alarms.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not found:
        raise ValueError(f"there is no alarm {name}")
    state: str = found[0]["StateValue"]
    return state


def _time(since: datetime) -> str:
    return f"the last training, of {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
