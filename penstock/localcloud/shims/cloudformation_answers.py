"""Stacks, resources, events and change sets as CloudFormation's API answers them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.cloudformation.requests import ChangeSet
from penstock.localcloud.cloudformation.state import Event, Output, ResourceStatus, StackState

_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")


def _time(moment: datetime | None) -> datetime | None:
    """A time as moto serializes it: UTC without a time zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def listed_resources(stack: StackState) -> list[ResourceStatus]:
    """What is there; of a deleted stack, what was."""
    statuses = list(stack.statuses.values())
    if stack.status == "DELETE_COMPLETE":
        return statuses
    return [status for status in statuses if status.status not in _GONE]


def stack_answer(stack: StackState) -> dict[str, Any]:
    """An entry of DescribeStacks and ListStacks."""
    parameters = []
    for name, parameter in stack.parameters.items():
        hidden = parameter.no_echo
        entry = {
            "ParameterKey": name,
            "ParameterValue": "****" if hidden else parameter.given,
        }
        if parameter.from_ssm:
            value = parameter.value
            entry["ResolvedValue"] = value if isinstance(value, str) else ",".join(value)
        parameters.append(entry)
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Description": stack.template.description if stack.template else None,
        "TemplateDescription": stack.template.description if stack.template else None,
        "Parameters": parameters,
        "CreationTime": _time(stack.created_at),
        "LastUpdatedTime": _time(stack.updated_at),
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.on_failure == "DO_NOTHING",
        "Capabilities": list(stack.capabilities),
        "Outputs": [_output(output) for output in stack.outputs],
        "RoleARN": stack.role_arn,
        "Tags": stack.tags,
        "EnableTerminationProtection": stack.termination_protection,
    }


def _output(output: Output) -> dict[str, Any]:
    return {
        "OutputKey": output.key,
        "OutputValue": output.value,
        "Description": output.description,
        "ExportName": output.export,
    }


def resource_answer(stack: StackState, status: ResourceStatus) -> dict[str, Any]:
    """An entry of DescribeStackResources and its kind."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": status.logical_id,
        "PhysicalResourceId": status.physical_id,
        "ResourceType": status.type,
        "ResourceStatus": status.status,
        "ResourceStatusReason": status.reason,
        "Timestamp": _time(status.at),
        "LastUpdatedTimestamp": _time(status.at),
    }


def event_answer(stack: StackState, event: Event) -> dict[str, Any]:
    """An entry of DescribeStackEvents."""
    return {
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceType": event.type,
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Timestamp": _time(event.at),
    }


def change_set_answer(change_set: ChangeSet) -> dict[str, Any]:
    """The answer of DescribeChangeSet, and an entry of ListChangeSets."""
    return {
        "ChangeSetId": change_set.change_set_id,
        "ChangeSetName": change_set.name,
        "StackId": change_set.stack.stack_id,
        "StackName": change_set.stack.name,
        "Description": change_set.description,
        "Parameters": change_set.parameters,
        "CreationTime": _time(change_set.created_at),
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "StatusReason": change_set.reason,
        "Changes": change_set.changes,
    }
