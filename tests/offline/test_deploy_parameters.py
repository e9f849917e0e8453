"""A redeploy gives only the values that the assembly names; all others stay what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.deploy import deploy
from tests.offline.cloudformation_lab import CloudFormationLab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Seconds": {"Type": "String", "Default": "30"},
        "Name": {"Type": "String", "Default": "a"},
    },
    "Resources": {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}},
        }
    },
    "Outputs": {"Url": {"Value": {"Ref": "Queue"}}, "Name": {"Value": {"Ref": "Name"}}},
}


def assembly(folder: Path, template: dict[str, Any], **parameters: str) -> Any:
    """An assembly of one stack without assets, as an app without bootstrap makes it."""
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "queue.json", "parameters": parameters},
    }
    folder.mkdir(exist_ok=True)
    (folder / "queue.json").write_text(json.dumps(template))
    manifest = {"version": "55.0.0", "artifacts": {"queue": stack}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return read_assembly(folder)


def test_a_value_that_somebody_set_outlives_a_redeploy(
    stacks_lab: CloudFormationLab, tmp_path: Path
) -> None:
    context = stacks_lab.cloud.context
    outputs = deploy(assembly(tmp_path / "first", TEMPLATE, Name="b"), context)["queue"]
    assert outputs["Name"] == "b"
    stacks_lab.api.update_stack(
        StackName="queue",
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": "Seconds", "ParameterValue": "77"},
            {"ParameterKey": "Name", "UsePreviousValue": True},
        ],
    )
    stacks_lab.api.get_waiter("stack_update_complete").wait(
        StackName="queue", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    changed = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Queue"]["Properties"]["DelaySeconds"] = 5
    outputs = deploy(assembly(tmp_path / "second", changed, Name="c"), context)["queue"]

    assert outputs["Name"] == "c"  # the assembly's own
    queue = stacks_lab.cloud.client("sqs").get_queue_attributes(
        QueueUrl=outputs["Url"], AttributeNames=["All"]
    )["Attributes"]
    assert (queue["VisibilityTimeout"], queue["DelaySeconds"]) == ("77", "5")
