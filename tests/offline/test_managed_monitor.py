"""Model Monitor's schedule on the stacks themselves: with a model, without one, and changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import CONFIGURATION, build_app
from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.context import CloudContext
from penstock.localcloud.deploy import deploy
from pipelines.registry import load
from pipelines.spec import Capture, Monitor
from stacks.deployment_machine import STACK_POLICY
from tests.offline.cloudformation_lab import CloudFormationLab, empty_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("managed-monitor")]

SERVING = "digits-dev-serving"
PARAMETER = "/penstock/digits/dev/model-package-arn"
ENDPOINT, CONFIG = "Endpoint", "DigitsDevConfig"
Assemblies = Callable[..., Path]


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Digits in dev, watched by Model Monitor, with the choices that a test changes."""

    def build(*, percentage: int = 100, **choices: Any) -> Path:
        digits = load()["digits"]
        capture = Capture(percentage=percentage)
        pipeline = digits.model_copy(
            update={
                "serving": digits.serving.model_copy(update={"capture": capture}),
                "monitor": Monitor(engine="model-monitor", **choices),
                "retrain": None,
            }
        )
        out = tmp_path_factory.mktemp("assembly")
        context = json.loads(CONFIGURATION.read_text())["context"]
        context["environments"]["dev"]["closed_services"] = ["model-monitor"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("app.load", lambda accelerator: {"digits": pipeline})
            build_app({**context, "pipeline": "digits"}, out=out, validate=False).synth()
        return out

    return build


class Watched:
    """The deployed stacks, and what SageMaker and CloudFormation say of them."""

    def __init__(self, lab: CloudFormationLab) -> None:
        self.lab = lab
        self.sagemaker = lab.cloud.client("sagemaker")

    def deploy(self, out: Path) -> None:
        deploy(read_assembly(out), self.lab.cloud.context)

    def approve(self) -> None:
        """What the deployment machine does once a package is approved."""
        package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits-dev/1"
        self.lab.cloud.client("ssm").put_parameter(
            Name=PARAMETER, Value=package, Type="String", Overwrite=True
        )
        self.lab.api.set_stack_policy(StackName=SERVING, StackPolicyBody=json.dumps(STACK_POLICY))
        stack = self.lab.update(
            name=SERVING,
            Parameters=[{"ParameterKey": "ModelPackageArn", "UsePreviousValue": True}],
            RoleARN=self.update_role(),
        )
        assert stack["StackStatus"] == "UPDATE_COMPLETE", self.lab.failures(SERVING)

    def update_role(self) -> str:
        roles = self.lab.cloud.client("iam").list_roles()["Roles"]
        (arn,) = (role["Arn"] for role in roles if "-ServingUpdateRole" in role["RoleName"])
        return str(arn)

    def schedules(self) -> list[dict[str, Any]]:
        listed = self.sagemaker.list_monitoring_schedules(EndpointName="digits-dev")
        found: list[dict[str, Any]] = listed["MonitoringScheduleSummaries"]
        return found

    def definitions(self) -> list[str]:
        listed = self.sagemaker.list_data_quality_job_definitions()["JobDefinitionSummaries"]
        return [summary["MonitoringJobDefinitionName"] for summary in listed]

    def logical(self, kind: str) -> str:
        resources = self.lab.api.describe_stack_resources(StackName=SERVING)["StackResources"]
        (name,) = (
            resource["LogicalResourceId"]
            for resource in resources
            if resource["ResourceType"] == f"AWS::SageMaker::{kind}"
        )
        return str(name)


@pytest.fixture
def watched(shared_server: CloudContext, assemblies: Assemblies) -> Iterator[Watched]:
    """The stacks with a model behind the endpoint."""
    with empty_lab(shared_server) as lab:
        found = Watched(lab)
        found.deploy(assemblies())
        assert found.schedules() == found.definitions() == []  # nothing before there is a model
        found.approve()
        yield found


def test_the_schedule_comes_with_the_model_after_endpoint_and_definition(watched: Watched) -> None:
    (schedule,) = watched.schedules()
    assert watched.definitions() == [schedule["MonitoringJobDefinitionName"]]
    assert schedule["MonitoringScheduleName"] == "digits-dev-monitor"
    assert schedule["MonitoringScheduleStatus"] == "Scheduled"
    history = watched.lab.history(SERVING)
    order = [
        history.index(f"{name} CREATE_COMPLETE")
        for name in (
            ENDPOINT,
            watched.logical("DataQualityJobDefinition"),
            watched.logical("MonitoringSchedule"),
        )
    ]
    assert order == sorted(order)
    lives = {e.type: e.life.value for e in watched.lab.cloud.context.ledger.entries()}
    assert lives["AWS::SageMaker::MonitoringSchedule"] == "api_only"
    assert lives["AWS::SageMaker::DataQualityJobDefinition"] == "api_only"


def test_another_configuration_of_the_endpoint_leaves_schedule_and_definition_alone(
    watched: Watched, assemblies: Assemblies
) -> None:
    before, physical = watched.schedules(), watched.lab.physical(SERVING)
    watched.deploy(assemblies(percentage=10))
    assert watched.lab.physical(SERVING)[CONFIG] != physical[CONFIG]
    assert watched.schedules() == before
    assert watched.lab.physical(SERVING)[ENDPOINT] == physical[ENDPOINT]


def test_other_hours_change_the_schedule_in_place_under_the_endpoints_stack_policy(
    watched: Watched, assemblies: Assemblies
) -> None:
    (before,) = watched.schedules()
    watched.deploy(assemblies(every_hours=12))
    (after,) = watched.schedules()
    for key in ("MonitoringScheduleArn", "CreationTime", "MonitoringJobDefinitionName"):
        assert after[key] == before[key]
    described = watched.sagemaker.describe_monitoring_schedule(
        MonitoringScheduleName="digits-dev-monitor"
    )
    timing = described["MonitoringScheduleConfig"]["ScheduleConfig"]
    assert timing == {"ScheduleExpression": "cron(0 0/12 ? * * *)"}


def test_another_definition_takes_the_place_of_the_first_and_the_schedule_stays(
    watched: Watched, assemblies: Assemblies
) -> None:
    (before,) = watched.schedules()
    watched.deploy(assemblies(timeout_minutes=50))
    (after,) = watched.schedules()
    assert after["MonitoringScheduleArn"] == before["MonitoringScheduleArn"]
    assert after["MonitoringJobDefinitionName"] != before["MonitoringJobDefinitionName"]
    assert watched.definitions() == [after["MonitoringJobDefinitionName"]]
    described = watched.sagemaker.describe_data_quality_job_definition(
        JobDefinitionName=after["MonitoringJobDefinitionName"]
    )
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 3000}


def test_they_go_before_the_endpoint_the_schedule_first(watched: Watched) -> None:
    names = [
        watched.logical("MonitoringSchedule"),
        watched.logical("DataQualityJobDefinition"),
        ENDPOINT,
    ]
    stack = watched.lab.delete(SERVING)
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    history = watched.lab.history(stack["StackId"])
    order = [history.index(f"{name} DELETE_COMPLETE") for name in names]
    assert order == sorted(order)
    assert watched.schedules() == watched.definitions() == []
    assert watched.sagemaker.list_endpoints()["Endpoints"] == []
