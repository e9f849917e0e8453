"""Reads the resources of deployed stacks back, and compares them with what was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.roundtrip.comparison import PropertyResult, Verdict, compare
from penstock.localcloud.roundtrip.reader import Deployed
from penstock.localcloud.roundtrip.registry import readers


@dataclass(frozen=True)
class ResourceResult:
    """How the properties of one resource came back."""

    resource: str  # <stack>/<logical id>, as in the ledger
    type: str
    properties: tuple[PropertyResult, ...]


def read_back(context: CloudContext, stacks: Iterable[str]) -> list[ResourceResult]:
    """Every resource of the stacks, as its service has it, against its resolved properties.

    Of a resource that its service cannot show, every property is different, with the error.
    """
    return [
        ResourceResult(f"{found.stack}/{found.logical_id}", found.type, tuple(_compared(found)))
        for stack in stacks
        for found in _deployed(stack, context)
    ]


def _compared(resource: Deployed) -> list[PropertyResult]:
    reader = readers()[resource.type]
    try:
        there = reader.read(resource)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return [
            PropertyResult(name, Verdict.DIFFERENT, asked, said=f"{error.operation_name}: {code}")
            for name, asked in resource.asked.items()
        ]
    return compare(resource.asked, there, reader.not_given_back)


def _deployed(stack: str, context: CloudContext) -> Iterator[Deployed]:
    """What the stack made, with the properties that its events tell (ResourceProperties)."""
    cloudformation = context.clients.deployer("cloudformation")
    asked: dict[str, dict[str, Any]] = {}
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    for event in (event for page in pages for event in page["StackEvents"]):  # the newest first
        told = event.get("ResourceProperties")
        if told and event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            asked.setdefault(event["LogicalResourceId"], json.loads(told))
    for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
        if resource["ResourceType"] in readers():
            yield Deployed(
                stack=stack,
                logical_id=resource["LogicalResourceId"],
                type=resource["ResourceType"],
                physical_id=resource["PhysicalResourceId"],
                asked=asked.get(resource["LogicalResourceId"], {}),
                client=context.clients.deployer,
                account_id=context.account_id,
                region=context.region,
            )
