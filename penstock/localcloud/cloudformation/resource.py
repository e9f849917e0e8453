"""The base class of all resource types: one small class per type, acting through the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from penstock.localcloud.cloudformation.intrinsics import canonical
from penstock.localcloud.cloudformation.names import NameRule, generated_name
from penstock.localcloud.ledger import Life

Properties = dict[str, Any]


@dataclass(frozen=True)
class Created:
    """What CloudFormation keeps of a resource: its physical id (Ref) and attributes (GetAtt)."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ResourceContext:
    """What a handler knows about the resource at hand, and how it reaches the services.

    `client` gives boto3 clients of whoever the stack operation acts as: the stack's service
    role when it has one, the deployer otherwise.
    """

    client: Callable[[str], Any]
    account_id: str
    region: str
    stack_name: str
    stack_id: str
    logical_id: str
    generation: int
    note: Callable[[str], None]
    # said as soon as the physical resource exists, so that a later failure removes it again
    made: Callable[[str], None]

    def name(self, rule: NameRule) -> str:
        """The physical name of a resource that the template does not name."""
        return generated_name(
            rule,
            stack_name=self.stack_name,
            stack_id=self.stack_id,
            logical_id=self.logical_id,
            generation=self.generation,
        )

    def arn(self, service: str, resource: str) -> str:
        """arn:aws:<service>:<region>:<account>:<resource>."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


class Handler(ABC):
    """One resource type. Handlers keep no state: everything is in the services and the stack.

    Ref and Fn::GetAtt give what the CloudFormation template reference says for the type.
    """

    type: ClassVar[str]
    life: ClassVar[Life]
    by: ClassVar[str] = ""
    # top-level properties that are passed on
    properties: ClassVar[frozenset[str]]
    required: ClassVar[frozenset[str]] = frozenset()
    # top-level properties that are accepted but mean nothing here, each with its reason
    unsupported: ClassVar[Mapping[str, str]] = {}
    # top-level properties that the API keeps and gives back but nobody carries out, and what
    # therefore does not happen
    kept_only: ClassVar[Mapping[str, str]] = {}
    # a change of one of these needs a new resource ("Update requires: Replacement")
    replace_on: ClassVar[frozenset[str]] = frozenset()
    # the property with a name of the user's own: such a resource cannot be replaced
    name_property: ClassVar[str] = ""
    # how the type writes Tags; stack tags are added to those of the template
    tag_style: ClassVar[Literal["list", "map", "none"]] = "none"

    def life_of(self, properties: Properties) -> tuple[Life, str]:  # noqa: ARG002
        """How far a resource with these properties lives here, and by what."""
        return self.life, self.by

    def replaces(self, old: Properties, new: Properties) -> bool:
        """Whether going from the old properties to the new ones needs a new resource."""
        return any(canonical(old.get(name)) != canonical(new.get(name)) for name in self.replace_on)

    @abstractmethod
    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """Make the resource."""

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Properties,
        new: Properties,
    ) -> Created | None:
        """Change the resource in place; the physical id stays, and with None the attributes too.

        Types whose every property is in `replace_on` do not need this.
        """
        raise NotImplementedError(
            f"{self.type} {physical_id} of {context.logical_id} cannot change in place: "
            f"{sorted(set(old) | set(new))}"
        )

    @abstractmethod
    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """Remove the resource; one that is already gone is no error."""

    def is_stable(
        self,
        context: ResourceContext,  # noqa: ARG002
        physical_id: str,  # noqa: ARG002
        properties: Properties,  # noqa: ARG002
    ) -> bool:
        """Whether the resource is ready; asked again until it is. ResourceError if it failed."""
        return True

    def is_gone(self, context: ResourceContext, physical_id: str) -> bool:  # noqa: ARG002
        """Whether a deleted resource has disappeared; asked again until it has."""
        return True


def merged_tags(
    handler: Handler, properties: Properties, stack_tags: Mapping[str, str]
) -> Properties:
    """`properties` with the stack's tags added; the resource's own value of a key wins."""
    if handler.tag_style == "none" or not stack_tags:
        return properties
    if handler.tag_style == "map":
        return {**properties, "Tags": {**stack_tags, **properties.get("Tags", {})}}
    own = list(properties.get("Tags", []))
    keys = {tag["Key"] for tag in own}
    added = [{"Key": key, "Value": value} for key, value in stack_tags.items() if key not in keys]
    return {**properties, "Tags": own + added}


def tag_map(properties: Properties) -> dict[str, str]:
    """The Tags property (list or map) as a dictionary."""
    tags = properties.get("Tags") or {}
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def tag_changes(old: Properties, new: Properties) -> tuple[dict[str, str], list[str]]:
    """Tags to set and keys to remove to go from one to the other."""
    before, after = tag_map(old), tag_map(new)
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return changed, [key for key in before if key not in after]


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Whether one of the named properties differs."""
    return any(canonical(old.get(name)) != canonical(new.get(name)) for name in names)


def without(properties: Properties, *names: str) -> Properties:
    """A copy of `properties` that lacks the named ones."""
    return {key: value for key, value in properties.items() if key not in names}
