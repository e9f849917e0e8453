"""Brings the resources of a stack to its model: makes, changes and replaces them, or goes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from penstock.localcloud.cloudformation.differences import wanted
from penstock.localcloud.cloudformation.errors import (
    ResourceError,
    logged_reason,
    resource_failed,
)
from penstock.localcloud.cloudformation.history import History
from penstock.localcloud.cloudformation.intrinsics import canonical
from penstock.localcloud.cloudformation.model import Model
from penstock.localcloud.cloudformation.policy import denial
from penstock.localcloud.cloudformation.registry import handler_for
from penstock.localcloud.cloudformation.removal import Removal
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    merged_tags,
)
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import ResourceState, StackState


class Realization:
    """Each step that it takes leaves one behind that undoes it.

    `left_over` are the resources that were replaced; they exist until somebody cleans up.
    """

    def __init__(
        self,
        services: Services,
        stack: StackState,
        model: Model,
        history: History,
        removal: Removal,
    ) -> None:
        self.left_over: list[ResourceState] = []
        self._services = services
        self._stack = stack
        self._model = model
        self._history = history
        self._event = history.event
        self._removal = removal
        self._undo: list[Callable[[], None]] = []

    def bring_about(self) -> None:
        """Make and change what the model asks for. ResourceError at the first failure.

        What the model does not ask for any more stays, until somebody cleans up.
        """
        self._refuse_protected_removals()
        for logical_id in wanted(self._model):
            if self._services.closing.is_set():
                raise ResourceError("The local cloud was stopped. ")
            before = self._stack.resources.get(logical_id)
            if before is None:
                self._stack.resources[logical_id] = self._make(logical_id, generation=0)
            else:
                self._change(logical_id, before)

    def go_back(self) -> None:
        """Undo every step, the last one first. ResourceError where that fails."""
        for step in reversed(self._undo):
            step()

    def _resolved(self, logical_id: str) -> Properties:
        handler = handler_for(self._model.active[logical_id]["Type"])
        properties = merged_tags(handler, self._model.properties(logical_id), self._model.tags)
        missing = sorted(handler.required - set(properties))
        if missing:
            raise ResourceError(
                f"Properties validation failed: required properties [{', '.join(missing)}] "
                f"of {handler.type} not found"
            )
        return properties

    def _state(
        self,
        logical_id: str,
        created: Created,
        properties: Properties,
        generation: int,
    ) -> ResourceState:
        definition = self._model.active[logical_id]
        return ResourceState(
            logical_id=logical_id,
            type=definition["Type"],
            physical_id=created.physical_id,
            attributes=dict(created.attributes),
            properties=properties,
            metadata=self._model.metadata(logical_id),
            depends_on=frozenset(self._model.dependencies[logical_id]),
            deletion_policy=definition.get("DeletionPolicy", "Delete"),
            update_replace_policy=definition.get("UpdateReplacePolicy", "Delete"),
            generation=generation,
        )

    def _make(self, logical_id: str, *, generation: int) -> ResourceState:
        """Create a physical resource; the undo step deletes it, also when it is half made."""
        type_ = self._model.active[logical_id]["Type"]
        handler = handler_for(type_)
        notes: list[str] = []
        made: list[str] = []
        context = self._services.resource_context(
            self._stack, logical_id, generation, notes=notes, made=made
        )
        self._event(logical_id, "", type_, "CREATE_IN_PROGRESS")
        properties: Properties = {}
        try:
            properties = self._resolved(logical_id)
            with self._services.clock.busy():
                created = handler.create(context, properties)
            made.append(created.physical_id)
            self._services.wait_until(
                lambda: handler.is_stable(context, created.physical_id, properties)
            )
            state = self._state(logical_id, created, properties, generation)
        except Exception as error:
            reason = logged_reason(error)
            physical_id = made[-1] if made else ""
            self._event(logical_id, physical_id, type_, "CREATE_FAILED", reason, properties)
            if made:
                half_made = self._state(logical_id, Created(physical_id), properties, generation)
                self._undo.append(lambda: self._removal.remove(half_made, "Delete", forget=False))
                if self._stack.status.startswith("CREATE"):
                    self._stack.resources[logical_id] = replace(half_made, deletion_policy="Delete")
            else:
                self._undo.append(lambda: self._event(logical_id, "", type_, "DELETE_COMPLETE"))
            raise resource_failed("create", logical_id, type_, reason) from error

        def undo() -> None:
            self._removal.remove(
                state, state.deletion_policy, forget=generation == 0, creation=True
            )
            if self._stack.resources.get(logical_id) is state:
                del self._stack.resources[logical_id]

        self._undo.append(undo)
        self._event(
            logical_id, created.physical_id, type_, "CREATE_COMPLETE", properties=properties
        )
        self._history.record(handler, logical_id, properties, notes)
        return state

    def _change(self, logical_id: str, before: ResourceState) -> None:
        type_ = self._model.active[logical_id]["Type"]
        handler = handler_for(type_)
        try:
            properties = self._resolved(logical_id)
            same = type_ == before.type and canonical(properties) == canonical(before.properties)
            if same:
                # only attributes of the template's own, such as DeletionPolicy, may differ
                after = self._state(
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
            reason = logged_reason(error)
            self._event(logical_id, before.physical_id, type_, "UPDATE_FAILED", reason)
            raise resource_failed("update", logical_id, type_, reason) from error
        if replacing:
            self._replace(logical_id, before)
        else:
            self._update_in_place(logical_id, before, properties)

    def _replace(self, logical_id: str, before: ResourceState) -> None:
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
            self._event(
                logical_id,
                before.physical_id,
                before.type,
                "UPDATE_COMPLETE",
                properties=before.properties,
            )

        self._undo.append(undo)
        after = self._make(logical_id, generation=before.generation + 1)
        self._stack.resources[logical_id] = after
        self.left_over.append(before)
        self._event(logical_id, after.physical_id, after.type, "UPDATE_COMPLETE")

    def _update_in_place(
        self, logical_id: str, before: ResourceState, properties: Properties
    ) -> None:
        handler = handler_for(before.type)
        notes: list[str] = []
        context = self._services.resource_context(
            self._stack, logical_id, before.generation, notes=notes
        )

        def undo() -> None:
            self._event(logical_id, before.physical_id, before.type, "UPDATE_IN_PROGRESS")
            self._modify(handler, context, before.physical_id, properties, before.properties)
            self._put_back(before)
            self._event(
                logical_id,
                before.physical_id,
                before.type,
                "UPDATE_COMPLETE",
                properties=before.properties,
            )

        self._undo.append(undo)
        self._event(
            logical_id,
            before.physical_id,
            before.type,
            "UPDATE_IN_PROGRESS",
            properties=properties,
        )
        created = self._modify(
            handler, context, before.physical_id, before.properties, properties
        ) or Created(before.physical_id, before.attributes)
        self._stack.resources[logical_id] = self._state(
            logical_id, created, properties, before.generation
        )
        self._event(
            logical_id, created.physical_id, before.type, "UPDATE_COMPLETE", properties=properties
        )
        self._history.add_notes(handler, logical_id, properties, notes)

    def _modify(
        self,
        handler: Handler,
        context: ResourceContext,
        physical_id: str,
        old: Properties,
        new: Properties,
    ) -> Created | None:
        try:
            with self._services.clock.busy():
                created = handler.update(context, physical_id, old, new)
            self._services.wait_until(lambda: handler.is_stable(context, physical_id, new))
        except Exception as error:
            reason = logged_reason(error)
            self._event(context.logical_id, physical_id, handler.type, "UPDATE_FAILED", reason)
            raise resource_failed("update", context.logical_id, handler.type, reason) from error
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

    def _refuse_protected_removals(self) -> None:
        for logical_id, state in self._stack.resources.items():
            if logical_id in wanted(self._model):
                continue
            denied = denial(self._stack.policy_in_force, "Update:Delete", logical_id, state.type)
            if denied:
                self._event(logical_id, state.physical_id, state.type, "DELETE_FAILED", denied)
                raise resource_failed("delete", logical_id, state.type, denied)
