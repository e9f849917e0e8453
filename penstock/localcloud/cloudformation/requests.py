"""What is asked of a stack: requests to create or update it, and change sets that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from penstock.localcloud.cloudformation.differences import Change
from penstock.localcloud.cloudformation.errors import CapabilityError
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.cloudformation.template import Template

_IAM_NAMES = {
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
}


@dataclass(frozen=True)
class Request:
    """What CreateStack, UpdateStack and CreateChangeSet have in common.

    `template` None means the previous template, `tags` None the previous tags; a parameter
    without a value keeps its previous one.
    """

    template: str | None
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    tags: dict[str, str] | None = None
    role_arn: str | None = None
    capabilities: Sequence[str] = ()
    policy: str | None = None
    policy_during_update: str | None = None
    on_failure: str = "ROLLBACK"
    termination_protection: bool = False


@dataclass
class ChangeSet:
    """A change set."""

    change_set_id: str
    name: str
    type: str
    description: str | None
    request: Request
    stack: StackState
    created_at: datetime
    parameters: dict[str, str]
    changes: list[Change]
    status: str
    execution_status: str
    reason: str | None = None


def require_capabilities(template: Template, capabilities: Sequence[str]) -> None:
    """CAPABILITY_IAM for IAM resources, CAPABILITY_NAMED_IAM when they have names of their own.

    CloudFormation API reference, CreateStack and UpdateStack, Capabilities.
    """
    needed = ""
    for definition in template.resources.values():
        if definition["Type"] in _IAM_NAMES:
            name = _IAM_NAMES[definition["Type"]]
            if name and name in definition.get("Properties", {}):
                needed = "CAPABILITY_NAMED_IAM"
                break
            needed = "CAPABILITY_IAM"
    accepted = {"CAPABILITY_NAMED_IAM", needed}
    if needed and not accepted & set(capabilities):
        raise CapabilityError(f"Requires capabilities : [{needed}]")
