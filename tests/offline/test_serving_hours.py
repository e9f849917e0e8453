"""Serving hours of a deployed stage: its schedules switch off, on again, and for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.offline.switch_lab import Switched, switched_stage
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("serving-hours")]

BERLIN = ZoneInfo("Europe/Berlin")
START, END = time(8), time(18)
HOURS = {
    "start": "08:00",
    "end": "18:00",
    "days": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
    "timezone": "Europe/Berlin",
}
A_WHILE = timedelta(minutes=1)


def next_at(moment: datetime, clock_time: time) -> datetime:
    """The next time that clocks in Berlin show `clock_time`."""
    local = moment.astimezone(BERLIN)
    today = local.replace(hour=clock_time.hour, minute=0, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)


@pytest.fixture(scope="module")
def expires() -> datetime:
    """Noon in Berlin, in the hours, some days from now."""
    noon = next_at(datetime.now(UTC) + timedelta(days=3), time(12))
    return noon.astimezone(UTC)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, expires: datetime) -> Iterator[Switched]:
    settings = {"serving_switch": {"hours": HOURS}, "expires": expires.isoformat()}
    with switched_stage(tmp_path_factory.mktemp("stage"), settings) as deployed:
        yield deployed


def let_it_be(stage: Switched, moment: datetime) -> None:
    """Let the cloud's time pass until a while after `moment`."""
    clock = stage.cloud.context.clock
    clock.sleep((moment + A_WHILE - clock.now()).total_seconds())


def switched_to(stage: Switched) -> list[str]:
    """Positions that the machine was started with, in order; each must have ended well."""
    states = stage.client("stepfunctions")
    machine = stage.outputs["ServingSwitchStateMachineArn"]
    found = states.list_executions(stateMachineArn=machine)["executions"]
    described = [states.describe_execution(executionArn=one["executionArn"]) for one in found]
    assert {one["status"] for one in described} <= {"SUCCEEDED", "RUNNING"}, described
    described.sort(key=lambda one: one["startDate"])
    return [json.loads(one["input"])["switch"] for one in described]


def test_off_in_the_evening_on_in_the_morning_and_off_for_good_when_it_expires(
    stage: Switched, expires: datetime
) -> None:
    package = stage.approve()
    assert stage.served() == package
    now = stage.cloud.context.clock.now

    let_it_be(stage, next_at(now(), END))
    eventually(lambda: stage.served() is None, 60)
    assert switched_to(stage)[-1] == "off"

    let_it_be(stage, next_at(now(), START))
    eventually(lambda: stage.served() == package, 60)
    assert switched_to(stage)[-2:] == ["off", "on"]
    row = ",".join(["0"] * 64)
    answer = stage.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=stage.outputs["EndpointName"], ContentType="text/csv", Body=row.encode()
    )
    assert answer["Body"].read()

    let_it_be(stage, expires - timedelta(hours=12))
    let_it_be(stage, next_at(now(), START))
    eventually(lambda: stage.served() == package, 60)
    let_it_be(stage, expires)
    eventually(lambda: stage.served() is None, 60)
    before = switched_to(stage)
    let_it_be(stage, next_at(now(), START))  # the morning after brings nothing back
    assert stage.served() is None
    assert set(switched_to(stage)[len(before) :]) == {"off"}
