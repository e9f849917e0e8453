"""Digits trains itself again: on an alarm or by the clock, with newer data only, and not too often.

The trainings, the alarm, the rule, the schedules and the decision are the deployed ones; only what
sets off the alarm is made up: no check has found any violation. Times of the hour are kept clear of
the schedules' minutes, 20 and 40, so that they start what a test expects and nothing else.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import CONFIGURATION, build_app
from penstock.cli.data import records_to_send
from penstock.localcloud.cloud import ANY_ACCOUNT, LocalCloud
from penstock.scenario.aws import Aws, Stage
from penstock.scenario.progress import Step, Timeline
from penstock.scenario.run import Scenario
from penstock.scenario.serving import wait_until_served
from pipelines import digits
from pipelines.spec import Capture, Monitor, Retrain
from tests.callers import Callers

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("digits-retraining")]

RECORDS = records_to_send(digits.PIPELINE, data=None, count=None, broken_count=0).records
PATIENCE_SECONDS = 120
BEFORE_THE_SCHEDULES, AFTER_THE_SCHEDULES = 10, 45

# What each role must have done by itself, by the beginning of its logical id.
OWN_CALLS = {
    "MonitorRole": {"s3 GET prepared/", "s3 PUT monitor/"},
    "MonitorWorkflowRole": {
        "ssm GetParameter",
        "sagemaker DescribeModelPackage",
        "glue StartJobRun",
        "glue GetJobRun",
        "s3 GET monitor/",
    },
    "MonitorScheduleRole": {"states StartExecution"},
    "DeploymentWorkflowRole": {"sagemaker DescribeModelPackage", "glue StartJobRun"},
    "RetrainDecisionRole": {"states ListExecutions", "s3 GET bucket"},
    "RetrainWorkflowRole": {"lambda POST invocations", "states StartExecution", "sns Publish"},
    "RetrainRuleRole": {"states StartExecution"},
    "RetrainScheduleRole": {"states StartExecution"},
}


class Nobody:
    """Watches nothing."""

    def changed(self, step: Step) -> None:
        """No news is shown."""


def assembly(out: Path, retrain: Retrain) -> Path:
    """Digits in dev with everything that watches, and this choice of retraining."""
    serving = digits.PIPELINE.serving.model_copy(update={"capture": Capture(percentage=100)})
    pipeline = digits.PIPELINE.model_copy(
        update={"serving": serving, "monitor": Monitor(), "retrain": retrain}
    )
    context = json.loads(CONFIGURATION.read_text("utf-8"))["context"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.load", lambda accelerator: {"digits": pipeline})
        build_app({**context, "pipeline": "digits"}, out=out, validate=False).synth()
    return out


class Watched:
    """digits-dev in a local cloud, and what the tests do with it and ask of it."""

    def __init__(self, cloud: LocalCloud, folder: Path, callers: Callers) -> None:
        self.cloud = cloud
        self.folder = folder
        self.callers = callers
        self.aws = Aws(cloud.context.clients.deployer, poll_seconds=0.1, patience_seconds=120)
        self.stage = Stage.read(self.aws, pipeline="digits", environment="dev")
        self.machines = self.aws.client("stepfunctions")
        self.alarms = self.aws.client("cloudwatch")

    def send(self, records: list[bytes]) -> None:
        Scenario(self.aws, self.stage, Timeline(Nobody())).ingest(records)

    def redeploy(self, name: str, retrain: Retrain) -> None:
        self.cloud.deploy(assembly(self.folder / name, retrain))

    def executions(self, machine: str) -> list[dict[str, Any]]:
        """All that have ended or run, the oldest first."""
        arn = self.stage[f"{machine}StateMachineArn"]
        listed = self.machines.list_executions(stateMachineArn=arn)["executions"]
        found = [self.machines.describe_execution(executionArn=e["executionArn"]) for e in listed]
        return sorted(found, key=lambda one: one["startDate"])

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited for {what}, in vain"
            time.sleep(0.1)
        return found

    def ended(self, machine: str, count: int) -> list[dict[str, Any]]:
        """The executions of a machine, once so many have ended."""

        def look() -> list[dict[str, Any]] | None:
            found = self.executions(machine)
            done = [one for one in found if one["status"] != "RUNNING"]
            return done if len(done) >= count else None

        found: list[dict[str, Any]] = self.wait_for(f"{count} executions of {machine}", look)
        assert len(found) == count, [one["input"] for one in found]
        return found

    def set_alarm(self, state: str) -> None:
        self.alarms.set_alarm_state(
            AlarmName=self.stage["MonitorAlarmName"], StateValue=state, StateReason="a test"
        )

    def set_off(self) -> None:
        """The alarm goes to ALARM, from OK."""
        self.set_alarm("OK")
        self.set_alarm("ALARM")

    def decision(self, caused_by: Callable[[], None]) -> dict[str, Any]:
        """What the retrain machine answers to a cause: its one new execution's output."""
        before = len(self.executions("Retrain"))
        caused_by()
        last = self.ended("Retrain", before + 1)[-1]
        assert last["status"] == "SUCCEEDED", last.get("cause")
        found: dict[str, Any] = json.loads(last["output"])
        return found

    def report_violations(self) -> None:
        """As a check does that has found some; the alarm then is in ALARM until another one."""
        self.set_alarm("OK")  # a state that was set lasts for a moment and would hide the change
        dimensions = {"Endpoint": "digits-dev", "MonitoringSchedule": "digits-dev-monitor"}
        self.alarms.put_metric_data(
            Namespace="aws/sagemaker/Endpoints/data-metrics",
            MetricData=[
                {
                    "MetricName": "violations",
                    "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                    "Value": 46,
                }
            ],
        )

    def pass_until(self, minute: int) -> None:
        """Let time pass until the next time that the clock shows this minute of the hour."""
        now = self.cloud.context.clock.now()
        seconds = (minute - now.minute) * 60 - now.second
        self.cloud.context.clock.sleep(seconds if seconds > 0 else seconds + 3600)

    def pass_the_schedules(self) -> None:
        """Each of them is due once."""
        self.pass_until(BEFORE_THE_SCHEDULES)
        self.pass_until(AFTER_THE_SCHEDULES)

    def lake_keys(self, prefix: str) -> list[str]:
        listed = self.aws.client("s3").list_objects_v2(
            Bucket=self.stage["LakeBucketName"], Prefix=prefix
        )
        return [one["Key"] for one in listed.get("Contents", [])]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    out = assembly(folder / "first", Retrain())
    callers = Callers(ANY_ACCOUNT)
    with (
        pytest.MonkeyPatch.context() as patch,
        LocalCloud.for_assembly(out, workdir=folder / "cloud") as cloud,
    ):
        callers.watch(patch)
        cloud.deploy(out)
        watched = Watched(cloud, folder, callers)
        watched.pass_until(AFTER_THE_SCHEDULES)
        yield watched


def test_a_model_comes_into_service_with_its_baseline(watched: Watched) -> None:
    scenario = Scenario(watched.aws, watched.stage, Timeline(Nobody()))
    scenario.ingest(RECORDS[:700])
    run = scenario.train()
    assert run.model_package_arn is not None
    wait_until_served(watched.aws, watched.stage, run.model_package_arn)
    (execution,) = watched.executions("Training")
    baseline = f"monitor/baseline/{json.loads(execution['output'])['run']}/"
    assert set(watched.lake_keys("monitor/baseline/")) == {
        f"{baseline}statistics.json",
        f"{baseline}constraints.json",
    }


def test_an_alarm_without_newer_data_starts_nothing(watched: Watched) -> None:
    answer = watched.decision(watched.set_off)
    assert (answer["start"], answer["cause"]) == (False, "alarm")
    assert answer["reason"].startswith("the alarm went off, but the lake has no records newer")
    assert len(watched.executions("Training")) == 1


def test_the_clock_asks_too_and_checks_the_last_hour(watched: Watched) -> None:
    watched.decision(watched.report_violations)
    checks = len(watched.executions("Monitor"))
    answer = watched.decision(watched.pass_the_schedules)
    assert (answer["start"], answer["cause"]) == (False, "schedule")
    assert answer["reason"].startswith("the alarm is in ALARM, but the lake has no records newer")
    check = watched.ended("Monitor", checks + 1)[-1]
    assert check["status"] == "SUCCEEDED", check.get("cause")
    assert json.loads(check["input"])["scheduled_time"][14:] == "20:00Z"
    found = json.loads(check["output"])
    # nobody has asked the endpoint anything
    assert (found["exit_status"], found["item_count"]) == ("Completed", 0)
    key = found["report_uri"].partition("/monitor/")[2]
    assert f"monitor/{key}summary.json" in watched.lake_keys("monitor/reports/")


def test_an_alarm_with_newer_data_starts_a_training(watched: Watched) -> None:
    watched.send(RECORDS[700:])
    answer = watched.decision(watched.set_off)
    assert (answer["start"], answer["cause"]) == (True, "alarm")
    assert re.fullmatch(r"retrain-\d{4}-\d\d-\d\d-1", answer["name"])
    training = watched.ended("Training", 2)[-1]
    assert training["executionArn"] == answer["training"]["execution_arn"]
    assert training["name"] == answer["name"]
    assert training["status"] == "SUCCEEDED", training.get("cause")
    given = json.loads(training["input"])
    assert (given["cause"], given["reason"]) == ("alarm", answer["reason"])
    assert "registered" in json.loads(training["output"])


def test_the_next_one_waits_for_the_pause(watched: Watched) -> None:
    watched.send(RECORDS[:20])
    answer = watched.decision(watched.set_off)
    assert answer["start"] is False
    assert answer["reason"].endswith("minutes ago, and the pause is 60 minutes")


def test_a_day_has_no_more_trainings_than_the_description_says(watched: Watched) -> None:
    watched.redeploy("once-a-day", Retrain(pause_minutes=0, at_most_per_day=1))
    answer = watched.decision(watched.set_off)
    assert answer["start"] is False
    assert answer["reason"] == "1 of 1 automatic trainings were started today"


def test_another_cause_is_told_and_fails(watched: Watched) -> None:
    before = len(watched.executions("Retrain"))
    watched.machines.start_execution(
        stateMachineArn=watched.stage["RetrainStateMachineArn"], input='{"cause": "a whim"}'
    )
    last = watched.ended("Retrain", before + 1)[-1]
    assert (last["status"], last["error"]) == ("FAILED", "RetrainFailed")
    assert "it must be alarm or schedule" in last["cause"]
    assert json.loads(last["cause"])["alert"]["MessageId"]


def test_what_is_switched_off_starts_nothing_while_checks_go_on(watched: Watched) -> None:
    cloudformation = watched.aws.client("cloudformation")
    stack = "digits-dev-monitoring"
    cloudformation.update_stack(
        StackName=stack,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "AutomaticRetraining", "ParameterValue": "DISABLED"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    watched.wait_for(
        "the switch",
        lambda: (
            cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            == "UPDATE_COMPLETE"
        ),
    )
    decisions, checks = (len(watched.executions(name)) for name in ("Retrain", "Monitor"))
    watched.set_off()
    watched.pass_the_schedules()
    watched.ended("Monitor", checks + 1)
    assert len(watched.executions("Retrain")) == decisions


def test_everything_was_done_by_the_role_of_its_own_resource(watched: Watched) -> None:
    calls = watched.callers.by_role()
    missing = {}
    for start, own in OWN_CALLS.items():
        made: set[str] = set()
        made.update(*(found for role, found in calls.items() if f"-{start}" in role))
        missing[start] = own - made
    assert not any(missing.values()), (missing, {r: c for r, c in calls.items() if "onit" in r})
