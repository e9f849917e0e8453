"""Step Functions: state machines and executions."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import Naming

_NAMING = Naming(
    prefix="states",
    without=frozenset(
        [
            "ListActivities",
            "ListStateMachines",
            "SendTaskFailure",
            "SendTaskHeartbeat",
            "SendTaskSuccess",
            "TestState",
            "ValidateStateMachineDefinition",
        ]
    ),
    arns=(
        "stateMachineArn",
        "executionArn",
        "activityArn",
        "mapRunArn",
        "resourceArn",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
    ),
    names={"name": "stateMachine:{}"},
)


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """The operation on its machine or execution."""
    if call.operation == "CreateActivity":
        return [
            Access("states:CreateActivity", call.arn("states", f"activity:{call.text('name')}"))
        ]
    return [_NAMING.access(call)]
