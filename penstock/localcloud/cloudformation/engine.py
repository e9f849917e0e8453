"""Creates, updates and deletes the resources of a stack, and rolls back what fails."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.cloudformation.errors import ResourceError, TemplateError, reason_of
from penstock.localcloud.cloudformation.graph import creation_order
from penstock.localcloud.cloudformation.intrinsics import canonical
from penstock.localcloud.cloudformation.model import Model, Outside
from penstock.localcloud.cloudformation.policy import denial
from penstock.localcloud.cloudformation.registry import IGNORED, handler_for, unknown_types
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    merged_tags,
)
from penstock.localcloud.cloudformation.state import (
    Event,
    Output,
    ResourceState,
    ResourceStatus,
    StackState,
)
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.ledger import Ledger

log = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"
# polling of a resource that gets ready: real time, because other threads of the cloud do the work
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Services:
    """What the engine works with. `stacks` gives every stack that exists."""

    clients: ClientFactory
    clock: Clock
    ledger: Ledger
    account_id: str
    region: str
    stacks: Callable[[], Iterable[StackState]]
    closing: threading.Event

    def client(self, role_arn: str | None, service: str) -> Any:
        """A client of the stack's service role, or of the deployer when it has none."""
        if role_arn:
            return self.clients.for_role(role_arn, service)
        return self.clients.deployer(service)


def build_model(
    services: Services,
    stack: StackState,
    template: Template,
    given: Mapping[str, str],
    tags: dict[str, str],
    role_arn: str | None,
) -> Model:
    """The desired state: parameters read anew, conditions evaluated, everything checked.

    Raises TemplateError for whatever the API refuses at once (ValidationError).
    """

    def client(service: str) -> Any:
        return services.client(role_arn, service)

    def read_ssm(name: str) -> str:
        answer = client("ssm").get_parameters(Names=[name])
        if not answer["Parameters"]:
            raise TemplateError(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            )
        return str(answer["Parameters"][0]["Value"])

    def dynamic(service: str, reference: str) -> str:
        if service == "secretsmanager":
            return _secret(client("secretsmanager"), reference)
        return str(
            client("ssm").get_parameter(Name=reference, WithDecryption=service == "ssm-secure")[
                "Parameter"
            ]["Value"]
        )

    def imported(export: str) -> str:
        for other in services.stacks():
            if export in other.exports():
                return other.exports()[export]
        raise TemplateError(f"No export named {export} found.")

    def stack_output(name: str, key: str) -> str:
        for other in services.stacks():
            if name in (other.name, other.stack_id):
                for output in other.outputs:
                    if output.key == key:
                        return output.value
        raise TemplateError(f"Stack {name} has no output {key}")

    def zones(region: str) -> list[str]:
        answer = client("ec2").describe_availability_zones(
            Filters=[{"Name": "region-name", "Values": [region]}]
        )
        return [zone["ZoneName"] for zone in answer["AvailabilityZones"]]

    unknown = unknown_types(template)
    if unknown:
        listed = ", ".join(f"{type_} ({', '.join(ids)})" for type_, ids in unknown.items())
        raise TemplateError(f"Template format error: Unrecognized resource types: [{listed}]")
    model = Model(
        template=template,
        parameters=template.parameter_values(given, read_ssm),
        pseudo={
            "AWS::AccountId": services.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": services.region,
            "AWS::StackId": stack.stack_id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        },
        tags=tags,
        outside=Outside(imported=imported, stack_output=stack_output, dynamic=dynamic, zones=zones),
        resources=stack.resources,
    )
    for logical_id, definition in model.active.items():
        _check_properties(logical_id, definition)
    return model


def has_changes(stack: StackState, model: Model) -> bool:
    """Whether an update would change anything, with every value resolved as of now."""
    wanted = [name for name in model.order if model.active[name]["Type"] not in IGNORED]
    if set(wanted) != set(stack.resources) or model.tags != stack.tags:
        return True
    for logical_id in wanted:
        existing = stack.resources[logical_id]
        definition = model.active[logical_id]
        if definition["Type"] != existing.type:
            return True
        properties = merged_tags(
            handler_for(existing.type), model.properties(logical_id), model.tags
        )
        if canonical(properties) != canonical(existing.properties):
            return True
        if (
            model.metadata(logical_id) != existing.metadata
            or definition.get("DeletionPolicy", "Delete") != existing.deletion_policy
            or definition.get("UpdateReplacePolicy", "Delete") != existing.update_replace_policy
        ):
            return True
    return model.outputs() != stack.outputs


class Operation:
    """One create, update or delete of one stack, to be run on a thread of its own."""

    def __init__(self, services: Services, stack: StackState, model: Model | None) -> None:
        self._services = services
        self._stack = stack
        self._model = model
        self._undo: list[Callable[[], None]] = []
        self._left_over: list[ResourceState] = []

    # -- the three operations

    def create(self) -> None:
        """Make all resources; on failure delete them again (ROLLBACK_COMPLETE)."""
        stack, model = self._stack, self._needed_model()
        try:
            self._bring_about(model)
            outputs = self._outputs(model)
        except ResourceError as error:
            self._create_failed(str(error))
            return
        stack.outputs = outputs
        stack.imports = set(model.imports)
        self._stack_status("CREATE_COMPLETE")

    def update(self) -> None:
        """Go from what exists to what the model asks for; on failure go back."""
        stack, model = self._stack, self._needed_model()
        try:
            self._refuse_protected_removals(model)
            self._bring_about(model)
            outputs = self._outputs(model)
        except ResourceError as error:
            self._update_failed(str(error))
            return
        removed = [
            state for name, state in stack.resources.items() if name not in self._wanted(model)
        ]
        stack.template = model.template
        stack.parameters = model.parameters
        stack.tags = model.tags
        stack.outputs = outputs
        stack.imports = set(model.imports)
        self._stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for state in removed:
            del stack.resources[state.logical_id]
        replaced = {id(state) for state in self._left_over}
        for state in _deletion_order([*self._left_over, *removed]):
            was_replaced = id(state) in replaced
            kept = state.update_replace_policy if was_replaced else state.deletion_policy
            try:
                self._remove(state, kept, forget=not was_replaced)
            except ResourceError:
                # as on AWS: the update has succeeded, the event says what is left behind
                log.warning("stack %s: %s was not cleaned up", stack.name, state.physical_id)
        self._stack_status("UPDATE_COMPLETE")

    def delete(self, retain: frozenset[str] = frozenset()) -> None:
        """Delete all resources but `retain`, last made first; what fails stays (DELETE_FAILED)."""
        stack = self._stack
        in_use = self._in_use(stack.exports())
        if in_use:
            export, user = in_use[0]
            self._stack_status(
                "DELETE_FAILED", f"Export {export} cannot be deleted as it is in use by {user}"
            )
            return
        failed = self._remove_all(retain=retain)
        if failed:
            self._stack_status(
                "DELETE_FAILED",
                f"The following resource(s) failed to delete: [{', '.join(failed)}]. ",
            )
            return
        stack.outputs = []
        stack.imports = set()
        self._stack_status("DELETE_COMPLETE")

    def start(self, status: str) -> None:
        """Say that the operation begins; called before the API answers."""
        self._stack_status(status, "User Initiated")

    def crashed(self, error: Exception) -> None:
        """Leave the stack in a failed state after an error that nobody foresaw."""
        kind = self._stack.status.split("_", 1)[0]
        self._stack_status(f"{kind}_FAILED", f"Internal failure: {reason_of(error)}")

    # -- failures

    def _create_failed(self, reason: str) -> None:
        stack = self._stack
        if stack.on_failure == "DO_NOTHING":
            self._stack_status("CREATE_FAILED", reason)
            return
        self._stack_status("ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
        failed = self._remove_all(rollback_of_create=True)
        if failed:
            self._stack_status(
                "ROLLBACK_FAILED",
                f"The following resource(s) failed to delete: [{', '.join(failed)}]. ",
            )
        elif stack.on_failure == "DELETE":
            self._stack_status("DELETE_COMPLETE", reason)
        else:
            self._stack_status("ROLLBACK_COMPLETE", reason)

    def _update_failed(self, reason: str) -> None:
        self._stack_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for step in reversed(self._undo):
            try:
                step()
            except ResourceError as error:
                self._stack_status("UPDATE_ROLLBACK_FAILED", str(error))
                return
        self._stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._stack_status("UPDATE_ROLLBACK_COMPLETE", reason)

    # -- going towards the model

    def _needed_model(self) -> Model:
        assert self._model is not None, "creating and updating need a model"
        return self._model

    @staticmethod
    def _wanted(model: Model) -> list[str]:
        return [name for name in model.order if model.active[name]["Type"] not in IGNORED]

    def _bring_about(self, model: Model) -> None:
        for logical_id in self._wanted(model):
            if self._services.closing.is_set():
                raise ResourceError("The local cloud was stopped. ")
            before = self._stack.resources.get(logical_id)
            if before is None:
                self._stack.resources[logical_id] = self._make(model, logical_id, generation=0)
            else:
                self._change(model, logical_id, before)

    def _resolved(self, model: Model, logical_id: str) -> Properties:
        handler = handler_for(model.active[logical_id]["Type"])
        properties = merged_tags(handler, model.properties(logical_id), model.tags)
        missing = sorted(handler.required - set(properties))
        if missing:
            raise ResourceError(
                f"Properties validation failed: required properties [{', '.join(missing)}] "
                f"of {handler.type} not found"
            )
        return properties

    def _state(
        self,
        model: Model,
        logical_id: str,
        created: Created,
        properties: Properties,
        generation: int,
    ) -> ResourceState:
        definition = model.active[logical_id]
        return ResourceState(
            logical_id=logical_id,
            type=definition["Type"],
            physical_id=created.physical_id,
            attributes=dict(created.attributes),
            properties=properties,
            metadata=model.metadata(logical_id),
            depends_on=frozenset(model.dependencies[logical_id]),
            deletion_policy=definition.get("DeletionPolicy", "Delete"),
            update_replace_policy=definition.get("UpdateReplacePolicy", "Delete"),
            generation=generation,
        )

    def _make(self, model: Model, logical_id: str, *, generation: int) -> ResourceState:
        """Create a physical resource; the undo step deletes it, also when it is half made."""
        type_ = model.active[logical_id]["Type"]
        handler = handler_for(type_)
        notes: list[str] = []
        made: list[str] = []
        context = self._context(logical_id, generation, notes, made)
        self._event(logical_id, "", type_, "CREATE_IN_PROGRESS")
        properties: Properties = {}
        try:
            properties = self._resolved(model, logical_id)
            with self._services.clock.busy():
                created = handler.create(context, properties)
            made.append(created.physical_id)
            self._wait(lambda: handler.is_stable(context, created.physical_id, properties))
            state = self._state(model, logical_id, created, properties, generation)
        except Exception as error:
            reason = self._reason(error)
            physical_id = made[-1] if made else ""
            self._event(logical_id, physical_id, type_, "CREATE_FAILED", reason, properties)
            if made:
                half_made = self._state(
                    model, logical_id, Created(physical_id), properties, generation
                )
                self._undo.append(lambda: self._remove(half_made, "Delete", forget=False))
                if self._stack.status.startswith("CREATE"):
                    self._stack.resources[logical_id] = replace(half_made, deletion_policy="Delete")
            else:
                self._undo.append(lambda: self._event(logical_id, "", type_, "DELETE_COMPLETE"))
            raise ResourceError(
                f"The following resource(s) failed to create: [{logical_id}] ({type_}: {reason}). "
            ) from error

        def undo() -> None:
            self._remove(state, state.deletion_policy, forget=generation == 0, creation=True)
            if self._stack.resources.get(logical_id) is state:
                del self._stack.resources[logical_id]

        self._undo.append(undo)
        self._event(
            logical_id, created.physical_id, type_, "CREATE_COMPLETE", properties=properties
        )
        self._record(handler, logical_id, properties, notes)
        return state

    def _change(self, model: Model, logical_id: str, before: ResourceState) -> None:
        type_ = model.active[logical_id]["Type"]
        handler = handler_for(type_)
        try:
            properties = self._resolved(model, logical_id)
            same = type_ == before.type and canonical(properties) == canonical(before.properties)
            if same:
                # only attributes of the template's own, such as DeletionPolicy, may differ
                after = self._state(
                    model,
                    logical_id,
                    Created(before.physical_id, before.attributes),
                    before.properties,
                    before.generation,
                )
                self._stack.resources[logical_id] = after
                self._undo.append(lambda: self._put_back(before))
                return
            replacing = type_ != before.type or handler.replaces(before.properties, properties)
            action = "Update:Replace" if replacing else "Update:Modify"
            denied = denial(self._stack.policy_in_force, action, logical_id, type_)
            if denied:
                raise ResourceError(denied)
            if replacing:
                self._refuse_replacing_named(handler, before, properties)
        except Exception as error:
            reason = self._reason(error)
            self._event(logical_id, before.physical_id, type_, "UPDATE_FAILED", reason)
            raise ResourceError(
                f"The following resource(s) failed to update: [{logical_id}] ({type_}: {reason}). "
            ) from error
        if replacing:
            self._replace(model, logical_id, before)
        else:
            self._update_in_place(model, logical_id, before, properties)

    def _replace(self, model: Model, logical_id: str, before: ResourceState) -> None:
        self._event(
            logical_id,
            before.physical_id,
            before.type,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; "
            "hence creating one.",
        )

        def undo() -> None:  # runs after the new resource is gone again
            self._put_back(before)
            self._event(logical_id, before.physical_id, before.type, "UPDATE_COMPLETE")

        self._undo.append(undo)
        after = self._make(model, logical_id, generation=before.generation + 1)
        self._stack.resources[logical_id] = after
        self._left_over.append(before)
        self._event(logical_id, after.physical_id, after.type, "UPDATE_COMPLETE")

    def _update_in_place(
        self, model: Model, logical_id: str, before: ResourceState, properties: Properties
    ) -> None:
        handler = handler_for(before.type)
        notes: list[str] = []
        context = self._context(logical_id, before.generation, notes, [])

        def undo() -> None:
            self._event(logical_id, before.physical_id, before.type, "UPDATE_IN_PROGRESS")
            self._modify(handler, context, before.physical_id, properties, before.properties)
            self._put_back(before)
            self._event(logical_id, before.physical_id, before.type, "UPDATE_COMPLETE")

        self._undo.append(undo)
        self._event(
            logical_id,
            before.physical_id,
            before.type,
            "UPDATE_IN_PROGRESS",
            properties=properties,
        )
        created = self._modify(handler, context, before.physical_id, before.properties, properties)
        self._stack.resources[logical_id] = self._state(
            model, logical_id, created, properties, before.generation
        )
        self._event(
            logical_id, created.physical_id, before.type, "UPDATE_COMPLETE", properties=properties
        )
        self._add_notes(handler, logical_id, properties, notes)

    def _modify(
        self,
        handler: Handler,
        context: ResourceContext,
        physical_id: str,
        old: Properties,
        new: Properties,
    ) -> Created:
        try:
            with self._services.clock.busy():
                created = handler.update(context, physical_id, old, new)
            self._wait(lambda: handler.is_stable(context, physical_id, new))
        except Exception as error:
            reason = self._reason(error)
            self._event(context.logical_id, physical_id, handler.type, "UPDATE_FAILED", reason)
            raise ResourceError(
                f"The following resource(s) failed to update: [{context.logical_id}] "
                f"({handler.type}: {reason}). "
            ) from error
        return created

    def _put_back(self, state: ResourceState) -> None:
        self._stack.resources[state.logical_id] = state

    @staticmethod
    def _refuse_replacing_named(
        handler: Handler, before: ResourceState, properties: Properties
    ) -> None:
        name = handler.name_property
        if before.type == handler.type and name and name in properties:
            if canonical(properties[name]) != canonical(before.properties.get(name)):
                return
            raise ResourceError(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {before.physical_id} and update the stack again."
            )

    def _refuse_protected_removals(self, model: Model) -> None:
        for logical_id, state in self._stack.resources.items():
            if logical_id in self._wanted(model):
                continue
            denied = denial(self._stack.policy_in_force, "Update:Delete", logical_id, state.type)
            if denied:
                self._event(logical_id, state.physical_id, state.type, "DELETE_FAILED", denied)
                raise ResourceError(
                    f"The following resource(s) failed to delete: [{logical_id}] "
                    f"({state.type}: {denied}). "
                )

    def _outputs(self, model: Model) -> list[Output]:
        """The new outputs, if no export clashes and none in use goes or changes."""
        try:
            outputs = model.outputs()
        except TemplateError as error:
            raise ResourceError(f"{error} ") from error
        exports = {o.export: o.value for o in outputs if o.export is not None}
        for other in self._services.stacks():
            if other.stack_id == self._stack.stack_id:
                continue
            for name in exports.keys() & other.exports().keys():
                raise ResourceError(
                    f"Export with name {name} is already exported by stack {other.name}. "
                )
        lost = {
            name: value
            for name, value in self._stack.exports().items()
            if exports.get(name) != value
        }
        for name, user in self._in_use(lost):
            verb = "updated" if name in exports else "deleted"
            raise ResourceError(f"Export {name} cannot be {verb} as it is in use by {user}. ")
        return outputs

    def _in_use(self, exports: Mapping[str, str]) -> list[tuple[str, str]]:
        return [
            (name, other.name)
            for other in self._services.stacks()
            if other.stack_id != self._stack.stack_id
            for name in sorted(other.imports & exports.keys())
        ]

    # -- deleting

    def _remove_all(
        self, *, rollback_of_create: bool = False, retain: frozenset[str] = frozenset()
    ) -> list[str]:
        failed: list[str] = []
        for state in _deletion_order(self._stack.resources.values()):
            needed_by = [
                name
                for name in failed
                if state.logical_id in self._stack.resources[name].depends_on
            ]
            if needed_by:
                continue
            try:
                policy = "Retain" if state.logical_id in retain else state.deletion_policy
                self._remove(state, policy, forget=True, creation=rollback_of_create)
            except ResourceError:
                failed.append(state.logical_id)
            else:
                del self._stack.resources[state.logical_id]
        return failed

    def _remove(
        self, state: ResourceState, policy: str, *, forget: bool, creation: bool = False
    ) -> None:
        """Delete a physical resource unless its policy keeps it.

        RetainExceptOnCreate keeps it except in the rollback of the operation that made it.
        """
        handler = handler_for(state.type)
        context = self._context(state.logical_id, state.generation, [], [])
        name, physical_id, type_ = state.logical_id, state.physical_id, state.type
        if policy == "Retain" or (policy == "RetainExceptOnCreate" and not creation):
            self._event(name, physical_id, type_, "DELETE_SKIPPED")
        else:
            self._event(name, physical_id, type_, "DELETE_IN_PROGRESS")
            try:
                with self._services.clock.busy():
                    handler.delete(context, physical_id, state.properties)
                self._wait(lambda: handler.is_gone(context, physical_id))
            except Exception as error:
                reason = self._reason(error)
                self._event(name, physical_id, type_, "DELETE_FAILED", reason)
                raise ResourceError(
                    f"The following resource(s) failed to delete: [{name}] ({type_}: {reason}). "
                ) from error
            self._event(name, physical_id, type_, "DELETE_COMPLETE")
        if forget:
            self._services.ledger.forget(self._resource(name))

    # -- small things

    def _context(
        self, logical_id: str, generation: int, notes: list[str], made: list[str]
    ) -> ResourceContext:
        stack, services = self._stack, self._services
        return ResourceContext(
            client=lambda service: services.client(stack.role_arn, service),
            account_id=services.account_id,
            region=services.region,
            stack_name=stack.name,
            stack_id=stack.stack_id,
            logical_id=logical_id,
            generation=generation,
            note=notes.append,
            made=made.append,
        )

    def _wait(self, question: Callable[[], bool]) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not question():
            if self._services.closing.wait(pause):
                raise ResourceError("the local cloud was stopped")
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    @staticmethod
    def _reason(error: Exception) -> str:
        reason = reason_of(error)
        log.debug("a resource failed: %s", reason, exc_info=error)
        return reason

    def _resource(self, logical_id: str) -> str:
        return f"{self._stack.name}/{logical_id}"

    def _record(
        self, handler: Handler, logical_id: str, properties: Properties, notes: list[str]
    ) -> None:
        life, by = handler.life_of(properties)
        self._services.ledger.record(self._resource(logical_id), handler.type, life, by)
        self._add_notes(handler, logical_id, properties, notes)

    def _add_notes(
        self, handler: Handler, logical_id: str, properties: Properties, notes: list[str]
    ) -> None:
        for name, reason in handler.unsupported.items():
            if name in properties:
                self._services.ledger.note(self._resource(logical_id), f"{name}: {reason}")
        for note in notes:
            self._services.ledger.note(self._resource(logical_id), note)

    def _stack_status(self, status: str, reason: str | None = None) -> None:
        stack = self._stack
        if status.endswith("_COMPLETE") or status.endswith("_FAILED"):
            log.info("stack %s: %s %s", stack.name, status, reason or "")
        self._event(stack.name, stack.stack_id, STACK_TYPE, status, reason)
        stack.updated_at = self._services.clock.now()
        stack.reason = reason
        stack.status = status

    def _event(
        self,
        logical_id: str,
        physical_id: str,
        type_: str,
        status: str,
        reason: str | None = None,
        properties: Properties | None = None,
    ) -> None:
        now = self._services.clock.now()
        written = json.dumps(properties, default=str) if properties else None
        self._stack.events.append(
            Event(
                f"{logical_id}-{uuid.uuid4()}",
                logical_id,
                physical_id,
                type_,
                status,
                reason,
                written,
                now,
            )
        )
        current = self._stack.resources.get(logical_id)
        # the clean-up of a replaced resource says nothing about the one that took its place
        replaced = status.startswith("DELETE") and current and current.physical_id != physical_id
        if type_ != STACK_TYPE and not replaced:
            self._stack.statuses[logical_id] = ResourceStatus(
                logical_id, type_, physical_id, status, reason, now
            )


def _deletion_order(states: Iterable[ResourceState]) -> list[ResourceState]:
    """Each before what it depends on; of one logical id there may be two generations."""
    by_name: dict[str, list[ResourceState]] = {}
    for state in states:
        by_name.setdefault(state.logical_id, []).append(state)
    order = creation_order(
        {
            name: set().union(*(state.depends_on for state in group)) & by_name.keys()
            for name, group in by_name.items()
        }
    )
    return [state for name in reversed(order) for state in by_name[name]]


def _check_properties(logical_id: str, definition: dict[str, Any]) -> None:
    type_ = definition["Type"]
    properties = definition.get("Properties") or {}
    if type_ in IGNORED:
        return
    handler = handler_for(type_)
    unknown = sorted(set(properties) - handler.properties - set(handler.unsupported))
    if unknown:
        raise TemplateError(
            f"Properties validation failed for resource {logical_id}: the local cloud does not "
            f"pass on [{', '.join(unknown)}] of {type_}; it knows "
            f"{', '.join(sorted(handler.properties | set(handler.unsupported)))}"
        )


def _secret(client: Any, reference: str) -> str:
    parts = reference.split(":")
    # an ARN as the secret's id has six colons of its own
    count = 7 if reference.startswith("arn:") else 1
    secret, rest = ":".join(parts[:count]), parts[count:]
    value = str(client.get_secret_value(SecretId=secret)["SecretString"])
    key = rest[1] if len(rest) > 1 else ""
    return str(json.loads(value)[key]) if key else value
