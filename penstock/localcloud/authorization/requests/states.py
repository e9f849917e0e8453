"""Step Functions: state machines and executions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from penstock.localcloud.authorization.call import Access, Call
from penstock.localcloud.authorization.lookups import Lookups, Machine
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


# optimized integration -> the rule that Step Functions keeps to hear of the end of what it started
# (Step Functions developer guide, "How Step Functions generates IAM policies for integrated
# services"); Glue's, Athena's and others' are asked instead
_RULES = {
    "sagemaker:createHyperParameterTuningJob.sync": "SageMakerTuningJobs",
    "sagemaker:createProcessingJob.sync": "SageMakerProcessingJobs",
    "sagemaker:createTrainingJob.sync": "SageMakerTrainingJobs",
    "sagemaker:createTransformJob.sync": "SageMakerTransformJobs",
    "states:startExecution.sync": "StepFunctionsExecution",
    "states:startExecution.sync:2": "StepFunctionsExecution",
}
# CloudWatch Logs user guide, "Logs sent to CloudWatch Logs"; the others of the developer guide's
# policy (Get-, Update-, Delete-, ListLogDeliveries) are asked for at no time that AWS documents
_LOG_DELIVERY = (
    "CreateLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "PutResourcePolicy",
)


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its machine or execution, and what AWS arranges in the machine's role.

    When a machine is made or changed, Step Functions makes the rules for its .sync states and the
    delivery of its log in the role's name. That it does so then, and how it words a refusal, is
    what others have seen: serverless-operations/serverless-step-functions issue 385,
    aws/aws-cdk issue 26432.
    """
    if call.operation == "CreateActivity":
        return [
            Access("states:CreateActivity", call.arn("states", f"activity:{call.text('name')}"))
        ]
    found = [_NAMING.access(call)]
    if call.operation in ("CreateStateMachine", "UpdateStateMachine"):
        known = lookups.state_machine(call.text("stateMachineArn"))
        found += [*_managed_rules(call, known), *_log_delivery(call, known)]
    return found


def _managed_rules(call: Call, known: Machine | None) -> list[Access]:
    role, definition = call.text("roleArn"), call.text("definition")
    if not role and not definition:
        return []
    if known is not None:
        role, definition = role or known.role_arn, definition or known.definition
    says = f"'{role}' is not authorized to create managed-rule."
    return [
        Access(f"events:{action}", call.arn("events", path), role=role, says=says)
        for path in _rules(definition)
        for action in ("PutTargets", "PutRule", "DescribeRule")
    ]


def _rules(definition: str) -> list[str]:
    try:
        states = json.loads(definition)
    except json.JSONDecodeError:
        return []  # Step Functions then answers InvalidDefinition
    integrations = {resource.partition(":::")[2] for resource in _resources(states)}
    rules = sorted({_RULES[name] for name in integrations if name in _RULES})
    return [f"rule/StepFunctionsGetEventsFor{name}Rule" for name in rules]


def _resources(part: object) -> Iterator[str]:
    """Of the states of a definition, those inside Parallel and Map included."""
    if isinstance(part, dict):
        if isinstance(part.get("Resource"), str):
            yield part["Resource"]
        for value in part.values():
            yield from _resources(value)
    elif isinstance(part, list):
        for item in part:
            yield from _resources(item)


def _log_delivery(call: Call, known: Machine | None) -> list[Access]:
    """Where a log has a destination already, what a change asks for is not documented."""
    logging = call.parameters.get("loggingConfiguration") or {}
    if not logging.get("destinations") or (known is not None and known.logged):
        return []
    role = call.text("roleArn") or (known.role_arn if known is not None else "")
    says = "The state machine IAM Role is not authorized to access the Log Destination"
    return [Access(f"logs:{action}", "*", role=role, says=says) for action in _LOG_DELIVERY]
