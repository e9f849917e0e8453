"""CloudFormation's API on moto, with the stacks of our own engine behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.iam import models as iam_models

from penstock.localcloud.clients import DEPLOYER_KEY
from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.front import StackFront
from penstock.localcloud.cloudformation.requests import Request
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.context import CloudContext
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims.access_key import access_key
from penstock.localcloud.shims.cloudformation_answers import (
    change_set_answer,
    event_answer,
    listed_resources,
    resource_answer,
    stack_answer,
)
from penstock.localcloud.shims.cloudformation_requests import read_policy, read_request
from penstock.localcloud.shims.patches import Patches

RACE = "update-race"
RACE_SECONDS = 10.0  # what somebody else's update takes


class RefusedError(CloudFormationError):  # type: ignore[misc]
    """A TemplateError as moto's error response."""

    def __init__(self, error: TemplateError) -> None:
        super().__init__(str(error))
        self.code = error.code


def install(patches: Patches, *, context: CloudContext) -> StackFront:
    """Every stack operation of moto's API goes to the engine; returns its stacks.

    Close what is returned before the server stops.
    """
    front = StackFront(context)
    for name, answer in _answers(front, context.faults).items():
        replace = patches.replace if hasattr(CloudFormationResponse, name) else patches.add
        replace(CloudFormationResponse, name, _action(context, answer))
    for name, method in _backend_methods(front).items():
        patches.replace(CloudFormationBackend, name, method)
    # templates attach AWS managed policies by ARN: moto knows them only when told to
    patches.replace(iam_models, "load_iam_aws_managed_policies", lambda: True)
    iam = iam_models.iam_backends[context.account_id]["aws"]
    if not iam.aws_managed_policies:  # somebody has used IAM already
        iam.aws_managed_policies = iam._init_aws_policies()
        iam.managed_policies.update(iam._init_managed_policies())
    return front


def _action(
    context: CloudContext, answer: Callable[[Any], Mapping[str, Any] | None]
) -> Callable[[Any], ActionResult]:
    def action(response: Any) -> ActionResult:
        try:
            if response.region != context.region:
                raise TemplateError(
                    f"the local cloud is one region, {context.region}; got {response.region}"
                )
            result = answer(response)
        except TemplateError as error:
            raise RefusedError(error) from error
        return EmptyResult() if result is None else ActionResult(result)

    return action


def _answers(
    front: StackFront, faults: Faults
) -> dict[str, Callable[[Any], Mapping[str, Any] | None]]:
    """The API's actions, by the names that moto calls them."""

    def create_stack(response: Any) -> Mapping[str, Any]:
        failure = response._get_param("OnFailure", "ROLLBACK")
        if response._get_bool_param("DisableRollback", False):
            failure = "DO_NOTHING"
        protected = bool(response._get_bool_param("EnableTerminationProtection", False))
        request = read_request(response, on_failure=failure, termination_protection=protected)
        stack = front.create(response._get_param("StackName"), request)
        return {"StackId": stack.stack_id}

    def update_stack(response: Any) -> Mapping[str, Any]:
        name = response._get_param("StackName")
        is_role = access_key(response.headers) != DEPLOYER_KEY
        if is_role and not front.find(name).in_progress and faults.due(RACE) is not None:
            other = front.another_update(name, RACE_SECONDS)
            told = f"the update of {other.name} was refused: {other.status}"
            faults.happened(RACE, told, to=[("stack", other.name)])
        stack = front.update(name, read_request(response))
        faults.came_of([("stack", stack.name)], "it began when it was asked for again")
        return {"StackId": stack.stack_id}

    def delete_stack(response: Any) -> None:
        front.delete(
            response._get_param("StackName"),
            response._get_param("RoleARN"),
            response._get_param("RetainResources", []),
        )

    def describe_stacks(response: Any) -> Mapping[str, Any]:
        name = response._get_param("StackName")
        stacks = [front.find(name)] if name else front.present()
        return {"Stacks": [stack_answer(stack) for stack in stacks]}

    def list_stacks(response: Any) -> Mapping[str, Any]:
        wanted = response._get_param("StackStatusFilter", [])
        return {
            "StackSummaries": [
                stack_answer(stack)
                for stack in front.everything()
                if not wanted or stack.status in wanted
            ]
        }

    def describe_stack_resource(response: Any) -> Mapping[str, Any]:
        stack = front.find(response._get_param("StackName"))
        logical_id = response._get_param("LogicalResourceId")
        status = stack.statuses.get(logical_id)
        if status is None:
            raise TemplateError(f"Resource {logical_id} does not exist for stack {stack.name}")
        return {"StackResourceDetail": resource_answer(stack, status)}

    def describe_stack_resources(response: Any) -> Mapping[str, Any]:
        stack = front.find(response._get_param("StackName"))
        wanted = response._get_param("LogicalResourceId")
        return {
            "StackResources": [
                resource_answer(stack, status)
                for status in listed_resources(stack)
                if wanted in (None, status.logical_id)
            ]
        }

    def list_stack_resources(response: Any) -> Mapping[str, Any]:
        stack = front.find(response._get_param("StackName"))
        resources = [resource_answer(stack, status) for status in listed_resources(stack)]
        return {"StackResourceSummaries": resources}

    def describe_stack_events(response: Any) -> Mapping[str, Any]:
        stack = front.find(response._get_param("StackName"))
        return {
            "StackEvents": [event_answer(stack, event) for event in reversed(list(stack.events))]
        }

    def get_template(response: Any) -> Mapping[str, Any]:
        stack = front.find(response._get_param("StackName"))
        return {"TemplateBody": stack.template.body if stack.template else ""}

    def list_exports(response: Any) -> Mapping[str, Any]:
        del response
        return {
            "Exports": [
                {"ExportingStackId": stack_id, "Name": name, "Value": value}
                for stack_id, name, value in front.exports()
            ]
        }

    def list_imports(response: Any) -> Mapping[str, Any]:
        name = response._get_param("ExportName")
        importers = front.importers(name)
        if not importers:
            raise TemplateError(f"Export '{name}' is not imported by any stack.")
        return {"Imports": importers}

    def set_stack_policy(response: Any) -> None:
        body = read_policy(response, "StackPolicy")
        if body is None:
            raise TemplateError("StackPolicyBody or StackPolicyURL must be given")
        front.set_policy(response._get_param("StackName"), body)

    def get_stack_policy(response: Any) -> Mapping[str, Any]:
        return {"StackPolicyBody": front.find(response._get_param("StackName")).policy or None}

    def create_change_set(response: Any) -> Mapping[str, Any]:
        change_set = front.create_change_set(
            response._get_param("StackName"),
            response._get_param("ChangeSetName"),
            response._get_param("ChangeSetType", "UPDATE"),
            response._get_param("Description"),
            read_request(response),
        )
        return {"Id": change_set.change_set_id, "StackId": change_set.stack.stack_id}

    def named_change_set(response: Any) -> tuple[str, str | None]:
        return response._get_param("ChangeSetName"), response._get_param("StackName")

    def describe_change_set(response: Any) -> Mapping[str, Any]:
        return change_set_answer(front.change_set(*named_change_set(response)))

    def execute_change_set(response: Any) -> None:
        front.execute_change_set(*named_change_set(response))

    def delete_change_set(response: Any) -> None:
        front.delete_change_set(*named_change_set(response))

    def list_change_sets(response: Any) -> Mapping[str, Any]:
        change_sets = front.change_sets(response._get_param("StackName"))
        return {"Summaries": [change_set_answer(change_set) for change_set in change_sets]}

    actions = (
        create_change_set,
        create_stack,
        delete_change_set,
        delete_stack,
        describe_change_set,
        describe_stack_events,
        describe_stack_resource,
        describe_stack_resources,
        describe_stacks,
        execute_change_set,
        get_stack_policy,
        get_template,
        list_change_sets,
        list_exports,
        list_imports,
        list_stack_resources,
        list_stacks,
        set_stack_policy,
        update_stack,
    )
    return {action.__name__: action for action in actions}


def _backend_methods(front: StackFront) -> dict[str, Callable[..., Any]]:
    """What moto itself asks of its stacks: stack sets, GetTemplateSummary, tags."""

    def get_stack(self: Any, name_or_stack_id: str) -> _StackView:  # noqa: ARG001
        try:
            return _StackView(front.find(name_or_stack_id))
        except TemplateError as error:
            raise RefusedError(error) from error

    def create_stack(self: Any, name: str, **given: Any) -> _StackView:  # noqa: ARG001
        request = Request(
            given["template"],
            given["parameters"],
            given.get("tags") or {},
            given.get("role_arn"),
            ("CAPABILITY_NAMED_IAM",),
        )
        try:
            return _StackView(front.create(name, request))
        except TemplateError as error:
            raise RefusedError(error) from error

    def delete_stack(self: Any, name_or_stack_id: str) -> None:  # noqa: ARG001
        try:
            front.delete(name_or_stack_id, None)
        except TemplateError as error:
            raise RefusedError(error) from error

    return {
        "get_stack": get_stack,
        "create_stack": create_stack,
        "delete_stack": delete_stack,
    }


class _StackView:
    """A stack with the attributes that moto's remaining code reads."""

    def __init__(self, state: StackState) -> None:
        self.stack_id = state.stack_id
        self.name = state.name
        self.status = state.status
        self.template = state.template.body if state.template else ""
        self.tags = state.tags
