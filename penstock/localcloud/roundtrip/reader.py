"""The base class of readers: one small class per resource type, reading through the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

Properties = dict[str, Any]


@dataclass(frozen=True)
class Deployed:
    """A resource that a stack made: its id, what was asked of it, and clients to look with."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    asked: Properties
    client: Callable[[str], Any]
    account_id: str
    region: str


class Reader(ABC):
    """Says what a service has of a resource, in the names of the template.

    `not_given_back` are properties that no API of the service shows, by path (`Code`,
    `Rules[].Id`), each with the reason and its source. `differs_here` are those that the
    service would show and the local cloud does not, each with the reason.
    """

    type: ClassVar[str]
    not_given_back: ClassVar[Mapping[str, str]] = {}
    differs_here: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def read(self, resource: Deployed) -> Properties:
        """Every property that the service has of the resource."""


def named(answer: Mapping[str, Any], **names: str) -> Properties:
    """Parts of an answer under the template's names: `named(answer, Path="path")`."""
    return {to: answer[name] for to, name in names.items() if name in answer}


def renamed(value: Mapping[str, Any], **names: str) -> Properties:
    """All of an answer, with some members under the template's names: `renamed(x, Days="In")`."""
    return {names.get(name, name): item for name, item in value.items()}


def pairs(tags: Mapping[str, str] | Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Tags as the template writes them, however the service does."""
    if isinstance(tags, Mapping):
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    return [
        {
            "Key": tag.get("Key") or tag.get("key") or tag["TagKey"],
            "Value": next(tag[name] for name in ("Value", "value", "TagValue") if name in tag),
        }
        for tag in tags
    ]


def if_there(codes: tuple[str, ...], method: Callable[..., Any], **arguments: Any) -> Properties:
    """The method's answer; empty when the service says by one of the codes that there is none."""
    try:
        answer: Properties = method(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return {}
        raise
    return answer


def one_of(items: Iterable[Properties], name: str, value: str) -> Properties:
    """The item with that name, empty when there is none: not every list can be asked for one."""
    return next((item for item in items if item[name] == value), {})
