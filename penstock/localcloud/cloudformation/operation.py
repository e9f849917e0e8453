"""Creates, updates and deletes a stack; what fails is rolled back."""

from __future__ import annotations

import logging

from penstock.localcloud.cloudformation.differences import wanted
from penstock.localcloud.cloudformation.errors import ResourceError, reason_of
from penstock.localcloud.cloudformation.exports import checked_outputs, exports_in_use
from penstock.localcloud.cloudformation.history import History
from penstock.localcloud.cloudformation.model import Model
from penstock.localcloud.cloudformation.realization import Realization
from penstock.localcloud.cloudformation.removal import Removal, deletion_order
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import ResourceState, StackState

log = logging.getLogger(__name__)


class Operation:
    """One operation on one stack, to be run on a thread of its own."""

    def __init__(self, services: Services, stack: StackState) -> None:
        self._services = services
        self._stack = stack
        self._history = History(services, stack)
        self._removal = Removal(services, stack, self._history)

    def start(self, status: str) -> None:
        """Say that the operation begins; called before the API answers."""
        self._history.stack_status(status, "User Initiated")

    def create(self, model: Model) -> None:
        """Make all resources; on failure delete them again (ROLLBACK_COMPLETE)."""
        stack = self._stack
        try:
            self._realization(model).bring_about()
            outputs = checked_outputs(self._services, stack, model)
        except ResourceError as error:
            self._create_failed(str(error))
            return
        stack.outputs = outputs
        stack.imports = set(model.imports)
        self._history.stack_status("CREATE_COMPLETE")

    def update(self, model: Model) -> None:
        """Go from what exists to what the model asks for; on failure go back."""
        stack = self._stack
        realization = self._realization(model)
        try:
            realization.bring_about()
            outputs = checked_outputs(self._services, stack, model)
        except ResourceError as error:
            self._update_failed(realization, str(error))
            return
        stack.template = model.template
        stack.parameters = model.parameters
        stack.tags = model.tags
        stack.outputs = outputs
        stack.imports = set(model.imports)
        self._history.stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(model, realization.left_over)
        self._history.stack_status("UPDATE_COMPLETE")

    def delete(self, retain: frozenset[str] = frozenset()) -> None:
        """Delete all resources but `retain`, last made first; what fails stays (DELETE_FAILED)."""
        stack = self._stack
        in_use = exports_in_use(self._services, stack, stack.exports())
        if in_use:
            export, user = in_use[0]
            self._history.stack_status(
                "DELETE_FAILED", f"Export {export} cannot be deleted as it is in use by {user}"
            )
            return
        failed = self._removal.remove_all(retain=retain)
        if failed:
            self._history.stack_status("DELETE_FAILED", _not_deleted(failed))
            return
        stack.outputs = []
        stack.imports = set()
        self._history.stack_status("DELETE_COMPLETE")

    def crashed(self, error: Exception) -> None:
        """Leave the stack in a failed state after an error that nobody foresaw."""
        kind = self._stack.status.split("_", 1)[0]
        self._history.stack_status(f"{kind}_FAILED", f"Internal failure: {reason_of(error)}")

    def _realization(self, model: Model) -> Realization:
        return Realization(self._services, self._stack, model, self._history, self._removal)

    def _create_failed(self, reason: str) -> None:
        stack = self._stack
        if stack.on_failure == "DO_NOTHING":
            self._history.stack_status("CREATE_FAILED", reason)
            return
        self._history.stack_status("ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
        failed = self._removal.remove_all(rollback_of_create=True)
        if failed:
            self._history.stack_status("ROLLBACK_FAILED", _not_deleted(failed))
        elif stack.on_failure == "DELETE":
            self._history.stack_status("DELETE_COMPLETE", reason)
        else:
            self._history.stack_status("ROLLBACK_COMPLETE", reason)

    def _update_failed(self, realization: Realization, reason: str) -> None:
        self._history.stack_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        try:
            realization.go_back()
        except ResourceError as error:
            self._history.stack_status("UPDATE_ROLLBACK_FAILED", str(error))
            return
        self._history.stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._history.stack_status("UPDATE_ROLLBACK_COMPLETE", reason)

    def _clean_up(self, model: Model, left_over: list[ResourceState]) -> None:
        """Delete what was replaced and what the template does not hold any more."""
        stack = self._stack
        kept = set(wanted(model))
        removed = [state for name, state in stack.resources.items() if name not in kept]
        for state in removed:
            del stack.resources[state.logical_id]
        replaced = {id(state) for state in left_over}
        for state in deletion_order([*left_over, *removed]):
            was_replaced = id(state) in replaced
            policy = state.update_replace_policy if was_replaced else state.deletion_policy
            try:
                self._removal.remove(state, policy, forget=not was_replaced)
            except ResourceError:
                # as on AWS: the update has succeeded, the event says what is left behind
                log.warning("stack %s: %s was not cleaned up", stack.name, state.physical_id)


def _not_deleted(failed: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
