"""A stack policy in force: what it denies is not done, and what else the update did is undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.offline.cloudformation_lab import CloudFormationLab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]


def template(*, name: str = "one", seconds: int = 30) -> dict[str, Any]:
    """A named queue, whose new name replaces it, and one beside it that nobody protects."""
    timeout = {"VisibilityTimeout": seconds}
    return {
        "Resources": {
            "Beside": {"Type": "AWS::SQS::Queue", "Properties": timeout},
            "Kept": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": name, **timeout},
                "DependsOn": "Beside",
            },
        }
    }


def policy(*denied: str, **which: Any) -> str:
    rest = {"Principal": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": list(denied), **rest, **which}
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "Update:*", **rest}, deny]})


ON_KEPT = {"Resource": "LogicalResourceId/Kept"}
REPLACE_KEPT = policy("Update:Replace", **ON_KEPT)
ALLOW_ALL = json.dumps(
    {"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}
)


def timeouts(lab: CloudFormationLab) -> dict[str, str]:
    """Visibility timeout by logical id, of the queues that the stack has."""
    sqs = lab.cloud.client("sqs")
    return {
        logical_id: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])[
            "Attributes"
        ]["VisibilityTimeout"]
        for logical_id, url in lab.physical("s").items()
    }


def test_a_denied_change_is_not_made_and_the_rest_is_undone(stacks_lab: CloudFormationLab) -> None:
    stacks_lab.create(template(), StackPolicyBody=policy("Update:Modify", **ON_KEPT))
    stack = stacks_lab.update(template(seconds=77))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert timeouts(stacks_lab) == {"Beside": "30", "Kept": "30"}
    assert any(
        line.startswith("Kept: Action denied by stack policy") for line in stacks_lab.failures()
    )


def test_a_denied_replacement_keeps_the_resource_and_lets_it_change_in_place(
    stacks_lab: CloudFormationLab,
) -> None:
    stacks_lab.create(template(), StackPolicyBody=REPLACE_KEPT)
    before = stacks_lab.physical("s")
    stack = stacks_lab.update(template(name="two"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks_lab.physical("s") == before
    assert stacks_lab.update(template(seconds=77))["StackStatus"] == "UPDATE_COMPLETE"
    assert timeouts(stacks_lab) == {"Beside": "77", "Kept": "77"}
    assert stacks_lab.physical("s") == before


def test_a_type_is_protected_whatever_its_logical_id(stacks_lab: CloudFormationLab) -> None:
    by_type = {"Condition": {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}}}
    stacks_lab.create(template(), StackPolicyBody=policy("Update:Replace", **by_type))
    stack = stacks_lab.update(template(name="two"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_temporary_policy_holds_for_one_update_only(stacks_lab: CloudFormationLab) -> None:
    stacks_lab.create(template(), StackPolicyBody=REPLACE_KEPT)
    stack = stacks_lab.update(template(name="two"), StackPolicyDuringUpdateBody=ALLOW_ALL)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    stack = stacks_lab.update(template(name="three"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks_lab.physical("s")["Kept"].endswith("/two")
