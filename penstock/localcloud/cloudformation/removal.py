"""Deletes resources: all of a stack, or single ones that are replaced or rolled back."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.localcloud.cloudformation.errors import (
    ResourceError,
    logged_reason,
    resource_failed,
)
from penstock.localcloud.cloudformation.graph import creation_order
from penstock.localcloud.cloudformation.history import History
from penstock.localcloud.cloudformation.registry import handler_for
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import ResourceState, StackState


class Removal:
    """Deletes resources of one stack, as far as their policies allow."""

    def __init__(self, services: Services, stack: StackState, history: History) -> None:
        self._services = services
        self._stack = stack
        self._history = history

    def remove_all(
        self, *, rollback_of_create: bool = False, retain: frozenset[str] = frozenset()
    ) -> list[str]:
        """Everything but `retain`, last made first; returns the logical ids that failed."""
        failed: list[str] = []
        for state in deletion_order(self._stack.resources.values()):
            needed_by = [
                name
                for name in failed
                if state.logical_id in self._stack.resources[name].depends_on
            ]
            if needed_by:
                continue
            try:
                policy = "Retain" if state.logical_id in retain else state.deletion_policy
                self.remove(state, policy, forget=True, creation=rollback_of_create)
            except ResourceError:
                failed.append(state.logical_id)
            else:
                del self._stack.resources[state.logical_id]
        return failed

    def remove(
        self, state: ResourceState, policy: str, *, forget: bool, creation: bool = False
    ) -> None:
        """Delete a physical resource unless its policy keeps it. ResourceError if it fails.

        RetainExceptOnCreate keeps it except in the rollback of the operation that made it.
        """
        handler = handler_for(state.type)
        context = self._services.resource_context(self._stack, state.logical_id, state.generation)
        name, physical_id, type_ = state.logical_id, state.physical_id, state.type
        event = self._history.event
        if policy == "Retain" or (policy == "RetainExceptOnCreate" and not creation):
            event(name, physical_id, type_, "DELETE_SKIPPED")
        else:
            event(name, physical_id, type_, "DELETE_IN_PROGRESS")
            try:
                with self._services.clock.busy():
                    handler.delete(context, physical_id, state.properties)
                self._services.wait_until(lambda: handler.is_gone(context, physical_id))
            except Exception as error:
                reason = logged_reason(error)
                event(name, physical_id, type_, "DELETE_FAILED", reason)
                raise resource_failed("delete", name, type_, reason) from error
            event(name, physical_id, type_, "DELETE_COMPLETE")
        if forget:
            self._history.forget(name)


def deletion_order(states: Iterable[ResourceState]) -> list[ResourceState]:
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
