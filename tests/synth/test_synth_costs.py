"""What keeps an environment cheap: a switch for serving, its hours, an expiry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.synth.reading import as_list, text

HOURS = {"start": "08:00", "end": "18:30", "timezone": "Europe/Berlin"}
CONDITIONAL = ("SageMaker::Model", "SageMaker::EndpointConfig", "SageMaker::Endpoint")


@pytest.fixture(scope="module")
def cheap(synthesize: Any, context: dict[str, Any]) -> Any:
    """Digits in dev with all options; cdk-nag's findings would make it raise."""
    dev = {
        **context["environments"]["dev"],
        "serving_switch": {"at_first": "off", "hours": HOURS},
        "expires": "2027-03-31T20:00:00+02:00",
    }
    return synthesize(environments={"dev": dev})


@pytest.fixture(scope="module")
def expiring(synthesize: Any, context: dict[str, Any]) -> Any:
    """Digits in dev that only expires."""
    dev = {**context["environments"]["dev"], "expires": "2027-03-31T18:00:00Z"}
    return synthesize(environments={"dev": dev})


def test_nothing_of_it_is_there_unless_asked_for(dev: Any) -> None:
    assert len(dev.resources("SSM::Parameter")) == 1
    assert '"expires"' not in json.dumps(dev.templates)


def test_the_endpoint_is_there_with_a_model_and_while_serving_is_on(cheap: Any) -> None:
    template = cheap.templates["serving"]
    switch = template["Parameters"]["ServingSwitch"]
    assert switch["Type"] == "AWS::SSM::Parameter::Value<String>"
    assert switch["Default"] == "/penstock/digits/dev/serving"
    assert template["Conditions"]["IsServed"] == {
        "Fn::And": [
            {"Fn::Not": [{"Fn::Equals": [{"Ref": "ModelPackageArn"}, "none"]}]},
            {"Fn::Equals": [{"Ref": "ServingSwitch"}, "on"]},
        ]
    }
    for kind in CONDITIONAL:
        (resource,) = cheap.resources(kind).values()
        assert resource["Condition"] == "IsServed", kind
    position = cheap.named("SSM::Parameter", "ServingPosition", "training")
    assert (position["Name"], position["Value"]) == ("/penstock/digits/dev/serving", "off")
    assert "Tags" not in position


def test_the_switch_records_and_lets_the_endpoint_go_for_one_update_only(cheap: Any) -> None:
    states = cheap.machine("ServingSwitch")["States"]
    assert states["RecordSwitch"]["Parameters"]["Name"] == "/penstock/digits/dev/serving"
    update = states["UpdateServing"]["Parameters"]
    assert update["UsePreviousTemplate"] is True
    assert update["Parameters"] == [
        {"ParameterKey": "ModelPackageArn", "UsePreviousValue": True},
        {"ParameterKey": "ServingSwitch", "UsePreviousValue": True},
    ]
    (deny,) = (
        one
        for one in json.loads(update["StackPolicyDuringUpdateBody"])["Statement"]
        if one["Effect"] == "Deny"
    )
    assert deny["Action"] == "Update:Replace"
    assert deny["Condition"] == {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}}


def test_an_approval_keeps_the_switch_and_may_not_delete(cheap: Any) -> None:
    states = cheap.machine("DeploymentWorkflow")["States"]
    update = states["UpdateServing"]["Parameters"]
    assert {"ParameterKey": "ServingSwitch", "UsePreviousValue": True} in update["Parameters"]
    assert "StackPolicyDuringUpdateBody" not in update
    for one in cheap.statements("DeploymentWorkflowRole"):
        if "ssm:PutParameter" in as_list(one["Action"]):
            assert "/serving" not in json.dumps(one["Resource"])


def test_the_switch_may_write_its_own_parameter_alone(cheap: Any) -> None:
    writes = [
        text(resource)
        for one in cheap.statements("ServingSwitchWorkflowRole")
        if "ssm:PutParameter" in as_list(one["Action"])
        for resource in as_list(one["Resource"])
    ]
    assert [arn.rpartition(":parameter")[2] for arn in writes] == ["/penstock/digits/dev/serving"]
    reads = [
        text(resource).rpartition(":parameter")[2]
        for one in cheap.statements("ServingUpdateRole")
        if "ssm:GetParameters" in as_list(one["Action"])
        for resource in as_list(one["Resource"])
    ]
    assert sorted(reads) == [
        "/penstock/digits/dev/model-package-arn",
        "/penstock/digits/dev/serving",
    ]


def schedules(built: Any) -> dict[str, dict[str, Any]]:
    return {
        one["Properties"]["Name"]: one["Properties"]
        for one in built.resources("Scheduler::Schedule", "training").values()
    }


def test_hours_and_expiry_are_schedules_of_the_switch(cheap: Any) -> None:
    found = schedules(cheap)
    on, off, end = (found[f"digits-dev-serving-{what}"] for what in ("on", "off", "expiry"))
    assert on["ScheduleExpression"] == "cron(0 8 ? * MON,TUE,WED,THU,FRI *)"
    assert off["ScheduleExpression"] == "cron(30 18 ? * MON,TUE,WED,THU,FRI *)"
    assert on["ScheduleExpressionTimezone"] == off["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert end["ScheduleExpression"] == "at(2027-03-31T18:00:00)"
    assert end["ScheduleExpressionTimezone"] == "UTC"
    words = [json.loads(one["Target"]["Input"])["switch"] for one in (on, off, end)]
    assert words == ["on", "off", "off"]
    # what has expired is not brought back
    assert on["EndDate"] == "2027-03-31T18:00:00Z"
    assert "EndDate" not in off


def test_expiry_alone_brings_the_switch_and_a_tag_on_everything(expiring: Any) -> None:
    assert set(schedules(expiring)) == {"digits-dev-serving-expiry"}
    position = expiring.named("SSM::Parameter", "ServingPosition", "training")
    assert position["Value"] == "on"
    tag = {"Key": "expires", "Value": "2027-03-31T18:00:00Z"}
    for kind in ("S3::Bucket", "KMS::Key", "Kinesis::Stream", "SageMaker::Endpoint"):
        for name, resource in expiring.resources(kind).items():
            assert tag in resource["Properties"]["Tags"], name
