"""A bare local cloud with our stacks, and a hosting worker whose endpoints start by themselves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from moto.moto_api._internal.models import moto_api_backend

from penstock.localcloud.context import CloudContext
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.shims import cloudformation, functions, sagemaker
from penstock.localcloud.shims.glue_connections import install_connections
from penstock.localcloud.workers.hosting import Endpoint
from tests.offline.bare_cloud import BareCloud, RecordedEvents, patched


@contextmanager
def empty_lab(shared: CloudContext) -> Iterator[CloudFormationLab]:
    """A lab on a shared server, with nothing left of the tests before."""
    moto_api_backend.reset()
    with patched(replace(shared, ledger=Ledger(), events=RecordedEvents())) as cloud:
        lab = CloudFormationLab(cloud)
        try:
            yield lab
        finally:
            lab.front.close()


class ScriptedHosting:
    """Endpoints come into service a moment later, or fail with `failure`."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self.deployed: list[tuple[str, str]] = []

    def deploy(self, endpoint: Endpoint, config_name: str) -> None:
        self._later(endpoint.failed, endpoint, config_name)
        self.deployed.append(("create", config_name))

    def update(self, endpoint: Endpoint, config_name: str) -> None:
        self._later(endpoint.update_failed, endpoint, config_name)
        self.deployed.append(("update", config_name))

    def delete(self, name: str) -> None:
        self.deployed.append(("delete", name))

    def _later(self, fail: Any, endpoint: Endpoint, config_name: str) -> None:
        failure = self.failure

        def act() -> None:
            if failure is None:
                endpoint.in_service(config_name)
            else:
                fail(failure)

        threading.Timer(0.1, act).start()


class NoJobs:
    """Nobody trains, transforms or invokes in these tests."""

    def check(self, *request: Any) -> Any:
        raise AssertionError("no job was expected")

    submit = stop_job = invoke = invoke_later = check


class CloudFormationLab:
    """The CloudFormation API and what tests ask of it again and again."""

    def __init__(self, cloud: BareCloud) -> None:
        self.cloud = cloud
        self.hosting = ScriptedHosting()
        sagemaker.install(
            cloud.patches,
            clock=cloud.context.clock,
            events=cloud.context.events,
            training=NoJobs(),
            hosting=self.hosting,
            transform=NoJobs(),
        )
        install_connections(cloud.patches)
        functions.install(cloud.patches, invoker=NoJobs())
        self.front = cloudformation.install(cloud.patches, context=cloud.context)
        self.api = cloud.client("cloudformation")

    def create(self, template: dict[str, Any], name: str = "s", **given: Any) -> dict[str, Any]:
        """CreateStack, and wait."""
        answer = self.api.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **given,
        )
        return self.settled(answer["StackId"])

    def update(
        self, template: dict[str, Any] | None = None, name: str = "s", **given: Any
    ) -> dict[str, Any]:
        """UpdateStack (None: with the previous template), and wait."""
        source: dict[str, Any] = (
            {"UsePreviousTemplate": True}
            if template is None
            else {"TemplateBody": json.dumps(template)}
        )
        answer = self.api.update_stack(
            StackName=name, Capabilities=["CAPABILITY_NAMED_IAM"], **source, **given
        )
        return self.settled(answer["StackId"])

    def delete(self, name: str = "s") -> dict[str, Any]:
        """DeleteStack, and wait."""
        stack_id = self.api.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.api.delete_stack(StackName=name)
        return self.settled(stack_id)

    def settled(self, stack_id: str) -> dict[str, Any]:
        """The stack once no operation is under way."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            stack: dict[str, Any] = self.api.describe_stacks(StackName=stack_id)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(0.02)
        raise AssertionError(f"{stack_id} did not come to rest")

    def failures(self, name: str = "s") -> list[str]:
        """What went wrong, newest first."""
        events = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def history(self, name: str = "s") -> list[str]:
        """`logical id status` of every event, oldest first."""
        events = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return [f"{e['LogicalResourceId']} {e['ResourceStatus']}" for e in reversed(events)]

    def physical(self, name: str = "s") -> dict[str, str]:
        """Physical ids by logical id."""
        resources = self.api.describe_stack_resources(StackName=name)["StackResources"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources}
