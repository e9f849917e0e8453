"""What AWS asks of a state machine's role when the machine is made, and of whoever tags a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import AuthorizationLab, allow, arn, refused, said

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("machine-permissions")]

RULE = arn("events", "rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule")
RULES = allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], RULE)
DELIVERY = allow(
    [
        "logs:CreateLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
    ],
    "*",
)
PLAIN = {"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}
TRAIN = {
    "StartAt": "a",
    "States": {
        "a": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {"TrainingJobName": "t"},
            "End": True,
        }
    },
}
SIDE_BY_SIDE = {
    "StartAt": "both",
    "States": {"both": {"Type": "Parallel", "Branches": [PLAIN, TRAIN], "End": True}},
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def machine(
    lab: AuthorizationLab, definition: Any, *may: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """The arguments of CreateStateMachine with a role that may do this."""
    role = lab.role(*may, trusts="states.amazonaws.com")
    name = lab.name("machine")
    return {"name": name, "roleArn": role, "definition": json.dumps(definition), **more}


def logging(lab: AuthorizationLab) -> dict[str, Any]:
    group = lab.name("/aws/vendedlogs/states/group")
    lab.admin("logs").create_log_group(logGroupName=group)
    destination = {"logGroupArn": arn("logs", f"log-group:{group}:*")}
    return {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": destination}]}


@pytest.mark.parametrize("definition", [TRAIN, SIDE_BY_SIDE])
def test_the_role_of_a_machine_that_waits_must_be_able_to_make_the_rule(
    lab: AuthorizationLab, definition: Any
) -> None:
    states = lab.admin("stepfunctions")
    without = machine(lab, definition)
    error = refused(states.create_state_machine, **without)
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == f"'{without['roleArn']}' is not authorized to create managed-rule."
    name = without["roleArn"].rsplit("/", 1)[1]
    assert lab.denied()[-1].startswith(f"role {name} may not events:PutTargets on {RULE}: ")
    states.create_state_machine(**machine(lab, definition, RULES))


def test_a_machine_that_waits_for_nothing_needs_no_rule(lab: AuthorizationLab) -> None:
    lab.admin("stepfunctions").create_state_machine(**machine(lab, PLAIN))


def test_a_machine_that_begins_to_wait_needs_the_rule(lab: AuthorizationLab) -> None:
    states = lab.admin("stepfunctions")
    made = states.create_state_machine(**machine(lab, PLAIN))["stateMachineArn"]
    change = {"stateMachineArn": made, "definition": json.dumps(TRAIN)}
    assert "managed-rule" in refused(states.update_state_machine, **change)["Message"]
    able = lab.role(RULES, trusts="states.amazonaws.com")
    states.update_state_machine(**change, roleArn=able)
    unable = lab.role(trusts="states.amazonaws.com")
    refused(states.update_state_machine, stateMachineArn=made, roleArn=unable)


def test_the_role_of_a_machine_with_a_log_arranges_its_delivery(lab: AuthorizationLab) -> None:
    states = lab.admin("stepfunctions")
    log = logging(lab)
    error = refused(states.create_state_machine, **machine(lab, PLAIN, loggingConfiguration=log))
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        "The state machine IAM Role is not authorized to access the Log Destination"
    )
    states.create_state_machine(**machine(lab, PLAIN, DELIVERY, loggingConfiguration=log))
    later = states.create_state_machine(**machine(lab, PLAIN))["stateMachineArn"]
    refused(states.update_state_machine, stateMachineArn=later, loggingConfiguration=log)
    off = machine(lab, PLAIN, loggingConfiguration={"level": "OFF"})
    states.create_state_machine(**off)


def test_a_tagged_model_needs_the_permission_to_tag(lab: AuthorizationLab) -> None:
    role = lab.role(trusts="sagemaker.amazonaws.com")
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    model = {"ExecutionRoleArn": role, "PrimaryContainer": {"Image": image}}
    made = arn("sagemaker", "model/tagged*")
    may = (allow("sagemaker:CreateModel", made), allow("iam:PassRole", role))
    tags = [{"Key": "team", "Value": "blue"}]
    untagged = lab.client("sagemaker", *may)
    untagged.create_model(ModelName="tagged-not", **model)
    error = refused(untagged.create_model, ModelName="Tagged-1", Tags=tags, **model)
    assert error["Message"].endswith(said("sagemaker:AddTags", arn("sagemaker", "model/tagged-1")))
    while_made = {
        "StringEquals": {
            "sagemaker:TaggingAction": "CreateModel",
            "aws:RequestTag/team": "blue",
        }
    }
    tagger = lab.client("sagemaker", *may, allow("sagemaker:AddTags", made, Condition=while_made))
    tagger.create_model(ModelName="Tagged-1", Tags=tags, **model)
    refused(tagger.add_tags, ResourceArn=arn("sagemaker", "model/tagged-1"), Tags=tags)
