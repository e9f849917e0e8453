"""Stacks that fail in the middle, and stacks that go: the whole account is looked at."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.localcloud import cloud as local
from penstock.localcloud.roundtrip.comparison import Verdict
from penstock.localcloud.roundtrip.stacks import read_back
from pipelines.registry import load
from tests.offline.account import account
from tests.offline.cloudformation_full import full as asked_for
from tests.offline.cloudformation_zoo import zoo
from tests.offline.fidelity import clouds, synthesized
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("stack-lifecycle")]

# SNS refuses a policy for a topic that is not there
BAD = {
    "Type": "AWS::SNS::TopicPolicy",
    "Properties": {
        "Topics": ["arn:aws:sns:us-east-1:123456789012:no-such-topic"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
    },
}
RETAINED = {"Bucket", "Key", "Logs", "Items"}


def full() -> dict[str, Any]:
    """The template with every property but access logs: they come into their bucket at once here,
    hours later on AWS, and a bucket with objects cannot be deleted.
    """
    template = asked_for()
    del template["Resources"]["Bucket"]["Properties"]["LoggingConfiguration"]
    return template


def with_bad(template: dict[str, Any]) -> dict[str, Any]:
    """The template and a resource that cannot be made, after all the others."""
    broken = copy.deepcopy(template)
    broken["Resources"]["Bad"] = {**BAD, "DependsOn": sorted(template["Resources"])}
    return broken


class Account:
    """A local cloud and its stacks."""

    def __init__(self, cloud: local.LocalCloud) -> None:
        self.cloud = cloud
        self.client = cloud.context.clients.deployer
        self.stacks = self.client("cloudformation")

    def holds(self) -> set[str]:
        """Everything there is."""
        return account(self.client)

    def create(self, template: dict[str, Any], name: str) -> str:
        """CreateStack; the status at its end."""
        self.stacks.create_stack(StackName=name, **_given(template))
        return self._ended(name)

    def update(self, template: dict[str, Any], name: str) -> str:
        """UpdateStack with the parameters of before; the status at its end."""
        known = self.stacks.describe_stacks(StackName=name)["Stacks"][0].get("Parameters", [])
        keep = [{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in known]
        self.stacks.update_stack(StackName=name, Parameters=keep, **_given(template))
        return self._ended(name)

    def delete(self, name: str) -> str:
        """DeleteStack; the status at its end."""
        stack_id = self.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.stacks.delete_stack(StackName=name)
        return self._ended(stack_id)

    def failures(self, name: str) -> list[str]:
        """What the stack's events say of failures."""
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in self.stacks.describe_stack_events(StackName=name)["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def physical(self, name: str) -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.stacks.describe_stack_resources(StackName=name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def settings(self, name: str) -> dict[str, dict[str, Any]]:
        """What the services say of each resource's properties, as far as a template asks."""
        return {
            result.resource: {
                one.path: (str(one.asked), str(one.there), one.verdict) for one in result.properties
            }
            for result in read_back(self.cloud.context, [name])
        }

    def template(self, name: str) -> dict[str, Any]:
        """The stack's template."""
        body = self.stacks.get_template(StackName=name)["TemplateBody"]
        return dict(body if isinstance(body, dict) else json.loads(body))

    def _ended(self, name: str) -> str:
        def look() -> str | None:
            status = self.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            return None if status.endswith("_IN_PROGRESS") else str(status)

        return eventually(look, 90)


def _given(template: dict[str, Any]) -> dict[str, Any]:
    return {"TemplateBody": json.dumps(template), "Capabilities": ["CAPABILITY_NAMED_IAM"]}


@pytest.fixture
def empty() -> Iterator[Account]:
    with clouds() as folder, local.LocalCloud(workdir=folder / "cloud") as cloud:
        yield Account(cloud)


class TestCreate:
    def test_a_failure_at_the_end_leaves_the_account_as_it_was(self, empty: Account) -> None:
        before = empty.holds()
        status = empty.create(with_bad(full()), "s")
        assert status == "ROLLBACK_COMPLETE", empty.failures("s")
        assert empty.holds() == before
        assert empty.cloud.context.ledger.entries() == []
        # and the same names can be used again
        empty.delete("s")
        assert empty.create(full(), "s") == "CREATE_COMPLETE", empty.failures("s")

    def test_what_is_to_be_retained_goes_with_a_creation_that_fails(self, empty: Account) -> None:
        kept = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "RetainExceptOnCreate"}
        before = empty.holds()
        assert empty.create(with_bad({"Resources": {"Q": kept}}), "s") == "ROLLBACK_COMPLETE"
        assert empty.holds() == before


class TestUpdate:
    def test_a_failure_at_the_end_brings_every_type_back(self, empty: Account) -> None:
        assert empty.create(zoo(1), "s") == "CREATE_COMPLETE", empty.failures("s")
        before = (empty.holds(), empty.physical("s"), empty.settings("s"), empty.template("s"))
        status = empty.update(with_bad(zoo(2)), "s")
        assert status == "UPDATE_ROLLBACK_COMPLETE", empty.failures("s")
        after = (empty.holds(), empty.physical("s"), empty.settings("s"), empty.template("s"))
        for one, other in zip(before, after, strict=True):
            assert one == other
        # what failed can be done once its reason is gone
        assert empty.update(zoo(2), "s") == "UPDATE_COMPLETE", empty.failures("s")

    def test_every_type_comes_to_what_the_second_template_asks(self, empty: Account) -> None:
        assert empty.create(zoo(1), "s") == "CREATE_COMPLETE", empty.failures("s")
        assert empty.update(zoo(2), "s") == "UPDATE_COMPLETE", empty.failures("s")
        different = [
            (resource, path, found)
            for resource, properties in empty.settings("s").items()
            for path, found in properties.items()
            if found[2] is Verdict.DIFFERENT
        ]
        assert different == []

    def test_a_queues_policy_stays_when_only_other_attributes_change(self, empty: Account) -> None:
        template = {name: zoo(1)["Resources"][name] for name in ("Queue", "QueuePolicy")}
        assert empty.create({"Resources": template}, "s") == "CREATE_COMPLETE"
        before = empty.settings("s")["s/QueuePolicy"]
        template["Queue"]["Properties"]["VisibilityTimeout"] = 77
        assert empty.update({"Resources": template}, "s") == "UPDATE_COMPLETE"
        assert empty.settings("s")["s/QueuePolicy"] == before
        assert {found[2] for found in before.values()} == {Verdict.EQUAL}


class TestDelete:
    def test_only_what_its_policy_retains_is_left(self, empty: Account) -> None:
        before = empty.holds()
        template = full()
        for name in RETAINED:
            template["Resources"][name]["DeletionPolicy"] = "Retain"
        assert empty.create(template, "s") == "CREATE_COMPLETE", empty.failures("s")
        ids = empty.physical("s")
        assert empty.delete("s") == "DELETE_COMPLETE"
        left = {name.split(": ", 1)[1] for name in empty.holds() - before}
        assert left == {ids[name] for name in RETAINED}


class TestOfAStage:
    """The stacks of digits, as they are deployed."""

    STACK = "digits-dev-training"

    @pytest.fixture
    def stage(self) -> Iterator[Account]:
        with clouds() as folder:
            assembly = synthesized(folder / "digits", {"digits": load()["digits"]})
            workdir = folder / "cloud"
            with local.LocalCloud.for_assembly(assembly, workdir=workdir) as cloud:
                cloud.deploy(assembly)
                yield Account(cloud)

    def test_an_update_that_fails_changes_nothing(self, stage: Account) -> None:
        before = (stage.holds(), stage.physical(self.STACK), stage.settings(self.STACK))
        ledger = {entry.resource for entry in stage.cloud.context.ledger.entries()}
        changed = stage.template(self.STACK)
        touched = _touch(changed)
        assert len(touched) >= 20, touched
        status = stage.update(with_bad(changed), self.STACK)
        assert status == "UPDATE_ROLLBACK_COMPLETE", stage.failures(self.STACK)
        events = stage.stacks.describe_stack_events(StackName=self.STACK)["StackEvents"]
        updated = {
            e["LogicalResourceId"] for e in events if e["ResourceStatus"].startswith("UPDATE_C")
        }
        assert touched <= updated
        after = (stage.holds(), stage.physical(self.STACK), stage.settings(self.STACK))
        for one, other in zip(before, after, strict=True):
            assert one == other
        assert {entry.resource for entry in stage.cloud.context.ledger.entries()} == ledger

    def test_a_stack_that_others_import_from_stays(self, stage: Account) -> None:
        before = stage.holds()
        assert stage.delete("digits-dev-foundation") == "DELETE_FAILED"
        (reason,) = stage.failures("digits-dev-foundation")
        assert "cannot be deleted as it is in use by digits-dev-" in reason
        assert stage.holds() == before


def _touch(template: dict[str, Any]) -> set[str]:
    """Change a property of each resource that has one which may change in place."""
    touched = set()
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if "Description" in properties:
            properties["Description"] = "touched"
        elif "RetentionInDays" in properties:
            properties["RetentionInDays"] = 3653
        elif "Tags" in properties and resource["Type"] != "AWS::Glue::Job":
            properties["Tags"].append({"Key": "touched", "Value": "yes"})
        else:
            continue
        touched.add(name)
    return touched
