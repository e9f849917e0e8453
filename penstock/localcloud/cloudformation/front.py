"""The stacks of one account and region, and the operations that the API starts on them."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence

from penstock.localcloud.cloudformation import policy as stack_policy
from penstock.localcloud.cloudformation.desired import build_model
from penstock.localcloud.cloudformation.differences import has_changes, listed_changes
from penstock.localcloud.cloudformation.errors import StackExistsError, TemplateError
from penstock.localcloud.cloudformation.history import History
from penstock.localcloud.cloudformation.model import Model
from penstock.localcloud.cloudformation.operation import Operation
from penstock.localcloud.cloudformation.requests import ChangeSet, Request, require_capabilities
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.context import CloudContext

log = logging.getLogger(__name__)

NO_UPDATES = "No updates are to be performed."
_NOT_UPDATABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED")
_STOP_SECONDS = 30


class StackFront:
    """Every stack, by id. Operations check everything, answer at once and work on a thread."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._stacks: dict[str, StackState] = {}
        self._change_sets: dict[str, ChangeSet] = {}
        self._lock = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._services = Services(
            clients=context.clients,
            clock=context.clock,
            ledger=context.ledger,
            account_id=context.account_id,
            region=context.region,
            stacks=self.present,
            closing=self._closing,
        )

    def close(self) -> None:
        """Stop what is under way and wait for its threads."""
        self._closing.set()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(_STOP_SECONDS)

    # -- looking

    def everything(self) -> list[StackState]:
        """All stacks, deleted ones too."""
        return list(self._stacks.values())

    def present(self) -> list[StackState]:
        """Stacks that are not deleted."""
        return [stack for stack in self.everything() if stack.status != "DELETE_COMPLETE"]

    def find(self, name_or_id: str) -> StackState:
        """A stack by its id, or by name if it is not deleted. TemplateError when there is none."""
        if name_or_id in self._stacks:
            return self._stacks[name_or_id]
        for stack in self.present():
            if stack.name == name_or_id:
                return stack
        raise TemplateError(f"Stack with id {name_or_id} does not exist")

    # -- operations

    def create(self, name: str, request: Request) -> StackState:
        """CreateStack."""
        with self._lock:
            self._refuse_taken(name)
            stack = self._new_stack(name, request)
            model = self._model(stack, request)
            self._stacks[stack.stack_id] = stack
            self._begin_create(stack, request, model)
            return stack

    def update(self, name: str, request: Request) -> StackState:
        """UpdateStack. TemplateError when nothing would change or an operation is under way."""
        with self._lock:
            stack = self.find(name)
            self._refuse_not_updatable(stack)
            model = self._model(stack, request)
            if not has_changes(stack, model):
                if request.policy is not None:
                    self.set_policy(name, request.policy)
                    return stack
                raise TemplateError(NO_UPDATES)
            self._begin_update(stack, request, model)
            return stack

    def another_update(self, name: str, seconds: float) -> StackState:
        """Somebody else's update, of nothing that is looked at here, is under way for so long."""
        with self._lock:
            stack = self.find(name)
            self._refuse_not_updatable(stack)
            history = History(self._services, stack)
            history.stack_status("UPDATE_IN_PROGRESS", "User Initiated")

        def end() -> None:
            history.stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            history.stack_status("UPDATE_COMPLETE")

        self._context.clock.call_later(seconds, end)
        return stack

    def delete(self, name: str, role_arn: str | None, retain: Sequence[str] = ()) -> None:
        """DeleteStack; a stack that does not exist is no error."""
        with self._lock:
            try:
                stack = self.find(name)
            except TemplateError:
                return
            if stack.status == "DELETE_COMPLETE":
                return
            if stack.in_progress:
                raise TemplateError(
                    f"Stack [{stack.name}] cannot be deleted while in status {stack.status}"
                )
            if stack.termination_protection:
                raise TemplateError(
                    f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                )
            if retain and stack.status != "DELETE_FAILED":
                raise TemplateError(
                    "Invalid operation on stack: RetainResources is for stacks in DELETE_FAILED"
                )
            stack.role_arn = role_arn or stack.role_arn
            operation = Operation(self._services, stack)
            operation.start("DELETE_IN_PROGRESS")
            self._run(operation, stack, lambda: operation.delete(frozenset(retain)))

    def set_policy(self, name: str, body: str) -> None:
        """SetStackPolicy."""
        stack = self.find(name)
        stack_policy.check(body)
        stack.policy = body

    def exports(self) -> list[tuple[str, str, str]]:
        """(stack id, name, value) of every export."""
        return [
            (stack.stack_id, name, value)
            for stack in self.present()
            for name, value in stack.exports().items()
        ]

    def importers(self, export: str) -> list[str]:
        """Names of the stacks that import `export`."""
        return [stack.name for stack in self.present() if export in stack.imports]

    # -- change sets

    def create_change_set(
        self, stack_name: str, name: str, kind: str, description: str | None, request: Request
    ) -> ChangeSet:
        """CreateChangeSet; `kind` is CREATE or UPDATE. A new stack waits in REVIEW_IN_PROGRESS."""
        with self._lock:
            if kind == "CREATE":
                known = [s for s in self.present() if s.name == stack_name]
                if known and known[0].status != "REVIEW_IN_PROGRESS":
                    raise StackExistsError(f"Stack {stack_name} already exists")
                stack = known[0] if known else self._new_stack(stack_name, request)
            elif kind == "UPDATE":
                stack = self.find(stack_name)
            else:
                raise TemplateError(f"ChangeSetType {kind} is not supported; use CREATE or UPDATE")
            model = self._model(stack, request)
            self._stacks[stack.stack_id] = stack
            changes = listed_changes(stack, model)
            different = kind == "CREATE" or has_changes(stack, model)
            region, account = self._context.region, self._context.account_id
            change_set = ChangeSet(
                change_set_id=(
                    f"arn:aws:cloudformation:{region}:{account}:changeSet/{name}/{uuid.uuid4()}"
                ),
                name=name,
                type=kind,
                description=description,
                request=request,
                stack=stack,
                created_at=self._context.clock.now(),
                parameters={key: value.given for key, value in model.parameters.items()},
                changes=changes,
                status="CREATE_COMPLETE" if different else "FAILED",
                execution_status="AVAILABLE" if different else "UNAVAILABLE",
                reason=None
                if different
                else "The submitted information didn't contain changes. "
                "Submit different information to create a change set.",
            )
            self._change_sets[change_set.change_set_id] = change_set
            return change_set

    def change_set(self, name_or_id: str, stack_name: str | None) -> ChangeSet:
        """One change set. TemplateError when there is none."""
        for change_set in reversed(self._change_sets.values()):
            if change_set.change_set_id == name_or_id:
                return change_set
            if change_set.name == name_or_id and stack_name in (
                None,
                change_set.stack.name,
                change_set.stack.stack_id,
            ):
                return change_set
        raise TemplateError(f"ChangeSet [{name_or_id}] does not exist")

    def change_sets(self, stack_name: str) -> list[ChangeSet]:
        """The change sets of a stack."""
        stack = self.find(stack_name)
        return [c for c in self._change_sets.values() if c.stack.stack_id == stack.stack_id]

    def delete_change_set(self, name_or_id: str, stack_name: str | None) -> None:
        """DeleteChangeSet."""
        with self._lock:
            change_set = self.change_set(name_or_id, stack_name)
            del self._change_sets[change_set.change_set_id]

    def execute_change_set(self, name_or_id: str, stack_name: str | None) -> None:
        """ExecuteChangeSet: create or update, with everything resolved anew."""
        with self._lock:
            change_set = self.change_set(name_or_id, stack_name)
            if change_set.execution_status != "AVAILABLE":
                raise TemplateError(
                    f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current "
                    f"execution status of [{change_set.execution_status}]"
                )
            stack, request = change_set.stack, change_set.request
            if change_set.type == "UPDATE":
                self._refuse_not_updatable(stack)
            model = self._model(stack, request)
            change_set.execution_status = "EXECUTE_COMPLETE"
            if change_set.type == "CREATE":
                self._begin_create(stack, request, model)
            else:
                self._begin_update(stack, request, model)

    # -- inside

    def _refuse_taken(self, name: str) -> None:
        if any(stack.name == name for stack in self.present()):
            raise StackExistsError(f"Stack [{name}] already exists")

    @staticmethod
    def _refuse_not_updatable(stack: StackState) -> None:
        if stack.in_progress or stack.status in _NOT_UPDATABLE:
            raise TemplateError(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )

    def _new_stack(self, name: str, request: Request) -> StackState:
        region, account = self._context.region, self._context.account_id
        if request.policy:
            stack_policy.check(request.policy)
        return StackState(
            name=name,
            stack_id=f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{uuid.uuid4()}",
            created_at=self._context.clock.now(),
            policy=request.policy or "",
            on_failure=request.on_failure,
            termination_protection=request.termination_protection,
        )

    def _model(self, stack: StackState, request: Request) -> Model:
        if request.template is not None:
            template = Template.parse(request.template)
        elif stack.template is not None:
            template = stack.template
        else:
            raise TemplateError("Either Template URL or Template Body must be specified.")
        given: dict[str, str] = {}
        for name, value in request.parameters.items():
            if value is not None:
                given[name] = value
            elif name in stack.parameters:
                given[name] = stack.parameters[name].given
            else:
                raise TemplateError(f"Parameters: [{name}] have no previous value")
        require_capabilities(template, request.capabilities)
        return build_model(
            self._services,
            stack,
            template,
            given,
            stack.tags if request.tags is None else request.tags,
            request.role_arn or stack.role_arn,
        )

    def _begin_create(self, stack: StackState, request: Request, model: Model) -> None:
        stack.template = model.template
        stack.parameters = model.parameters
        stack.tags = model.tags
        stack.role_arn = request.role_arn
        stack.capabilities = tuple(request.capabilities)
        operation = Operation(self._services, stack)
        operation.start("CREATE_IN_PROGRESS")
        self._run(operation, stack, lambda: operation.create(model))

    def _begin_update(self, stack: StackState, request: Request, model: Model) -> None:
        for body in (request.policy, request.policy_during_update):
            if body:
                stack_policy.check(body)
        stack.role_arn = request.role_arn or stack.role_arn
        stack.capabilities = tuple(request.capabilities)
        stack.policy_during_update = request.policy_during_update or ""
        if request.policy is not None:
            stack.policy = request.policy
        operation = Operation(self._services, stack)
        operation.start("UPDATE_IN_PROGRESS")
        self._run(operation, stack, lambda: operation.update(model))

    def _run(self, operation: Operation, stack: StackState, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:
                log.exception("stack %s: the operation broke off", stack.name)
                operation.crashed(error)

        thread = threading.Thread(target=guarded, name=f"stack {stack.name}", daemon=True)
        with self._lock:  # until it runs: it counts as ended before
            self._threads = [known for known in self._threads if known.is_alive()]
            self._threads.append(thread)
            thread.start()
