"""How most services name the resource of a call: an ARN parameter, or a name that makes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.localcloud.authorization.call import Access, Call, Context, NotDerivedError


@dataclass(frozen=True)
class Naming:
    """One service's actions and resources, after the Service Authorization Reference.

    Args:
        prefix: of the service's actions and ARNs.
        without: operations whose actions are on no resource type: their resource is *.
        arns: parameters that hold the resource's ARN.
        names: parameter -> last part of the ARN, with {} for the parameter's value.
        actions: operation -> action, where the names differ.
    """

    prefix: str
    without: frozenset[str]
    arns: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)

    def action(self, call: Call) -> str:
        """The action that the operation needs."""
        return f"{self.prefix}:{self.actions.get(call.operation, call.operation)}"

    def resource(self, call: Call) -> str:
        """The ARN of the resource, or *. NotDerivedError when the request names none."""
        if call.operation in self.without:
            return "*"
        for name in self.arns:
            value = call.text(name)
            if value.startswith("arn:"):
                return value
        for name, form in self.names.items():
            value = call.text(name)
            if value:
                return (
                    value if value.startswith("arn:") else call.arn(self.prefix, form.format(value))
                )
        raise NotDerivedError(f"no resource is known for {self.action(call)}")

    def access(self, call: Call) -> Access:
        """The one access of a plain operation."""
        return Access(self.action(call), self.resource(call), tag_context(call))


def tag_context(call: Call) -> Context:
    """aws:TagKeys and aws:RequestTag/... of a call that sets or takes tags.

    Source: IAM user guide, "AWS global condition context keys".
    """
    tags = dict(_tags(call.parameters))
    keys = [*tags, *_keys(call.parameters)]
    if not keys:
        return {}
    return {
        "aws:TagKeys": tuple(keys),
        **{f"aws:RequestTag/{key}": (value,) for key, value in tags.items()},
    }


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("Tags", "tags", "ResourceTags", "TagsToAdd"):
        given = parameters.get(name)
        if isinstance(given, Mapping):
            yield from ((str(key), str(value)) for key, value in given.items())
        elif isinstance(given, list):
            for tag in given:
                if isinstance(tag, Mapping):
                    key = tag.get("Key", tag.get("key", tag.get("TagKey", "")))
                    value = tag.get("Value", tag.get("value", tag.get("TagValue", "")))
                    yield str(key), str(value)


def _keys(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name in ("TagKeys", "tagKeys", "TagsToRemove"):
        given = parameters.get(name)
        if isinstance(given, list):
            yield from (str(key) for key in given)


def texts(value: Any) -> tuple[str, ...]:
    """A list parameter as texts."""
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
