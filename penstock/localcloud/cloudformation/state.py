"""What CloudFormation remembers of a stack between its operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from penstock.localcloud.cloudformation.template import ParameterValue, Template


@dataclass(frozen=True)
class ResourceState:
    """A resource that exists; `properties` are resolved and include stack tags."""

    logical_id: str
    type: str
    physical_id: str
    attributes: Mapping[str, Any]
    properties: dict[str, Any]
    metadata: Any
    depends_on: frozenset[str]
    deletion_policy: str
    update_replace_policy: str
    generation: int


@dataclass(frozen=True)
class ResourceStatus:
    """The last thing that happened to a logical id; deleted ones are kept too."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Output:
    """A stack output; `export` is the name under which other stacks may import it."""

    key: str
    value: str
    description: str | None = None
    export: str | None = None


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    event_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    properties: str | None
    at: datetime


@dataclass
class StackState:
    """A stack. Only the thread of its current operation changes it."""

    name: str
    stack_id: str
    created_at: datetime
    template: Template | None = None
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    status: str = "REVIEW_IN_PROGRESS"
    reason: str | None = None
    updated_at: datetime | None = None
    policy: str = ""
    resources: dict[str, ResourceState] = field(default_factory=dict)
    statuses: dict[str, ResourceStatus] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    on_failure: str = "ROLLBACK"
    termination_protection: bool = False
    capabilities: tuple[str, ...] = ()
    # a policy that replaces the stack's own during one update
    policy_during_update: str = ""

    @property
    def in_progress(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def policy_in_force(self) -> str:
        """The stack policy that the current update has to keep."""
        return self.policy_during_update or self.policy

    def exports(self) -> dict[str, str]:
        """Exported values by export name."""
        return {o.export: o.value for o in self.outputs if o.export is not None}
