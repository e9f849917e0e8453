"""Values of a template in words: what they refer to, over the borders of stacks as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.review.assembly import Assembly, Resource, Stack, compact

ACCOUNT = "{account}"
_PLACE = re.compile(r"\$\{(!?)([^}]+)\}")
_IN_BRACKETS = re.compile(r"<([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?>")
# attributes that are the resource itself
_ITSELF = {"", "Arn", "TableArn", "TopicArn", "QueueArn"}


@dataclass(frozen=True)
class Use:
    """A reference to a resource; `attribute` is empty for Ref."""

    resource: Resource
    attribute: str


Piece = str | Use


class Values:
    """Reads values of one assembly.

    Args:
        assembly: whose values they are.
        stable: call resources by stack and logical id, which two assemblies have in common, and
            not by the names that people know.
    """

    def __init__(self, assembly: Assembly, *, stable: bool = False) -> None:
        self.assembly = assembly
        self._stable = stable
        self._exports: dict[str, tuple[Stack, Any]] = {}
        for stack in assembly.stacks:
            for output in stack.part("Outputs").values():
                if "Export" in output:
                    name = self._say(list(self.pieces(stack, output["Export"].get("Name"))))
                    self._exports[name] = (stack, output.get("Value"))

    def stack_of(self, resource: Resource) -> Stack:
        """The stack that a resource is in."""
        return self.assembly.by_name[resource.stack]

    def text(self, resource: Resource, value: Any) -> str:
        """A property's value on one line."""
        return compact(self.plain(self.stack_of(resource), value))

    def plain(self, stack: Stack, value: Any) -> Any:
        """The value with every intrinsic function as text."""
        if isinstance(value, list):
            return [self.plain(stack, item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if _function(value) is not None:
            return self._say(list(self.pieces(stack, value)))
        return {str(key): self.plain(stack, item) for key, item in value.items()}

    def uses(self, resource: Resource, value: Any) -> list[Resource]:
        """The resources that a value refers to, each once, in order."""
        pieces = self.pieces(self.stack_of(resource), value)
        return list(dict.fromkeys(piece.resource for piece in pieces if isinstance(piece, Use)))

    def imports(self, stack: Stack, value: Any) -> Iterator[Resource]:
        """The resources of other stacks that a value reaches through exports."""
        for piece in self.pieces(stack, value):
            if isinstance(piece, Use) and piece.resource.stack != stack.name:
                yield piece.resource

    def in_words(self, stack: Stack, text: str) -> str:
        """Text in which cdk-nag wrote references: `<Id.Attribute>`, exports by their names."""
        for name in sorted(self._exports, key=len, reverse=True):
            if name in text:
                text = text.replace(name, self._say(list(self.pieces(*self._exports[name]))))

        def named(match: re.Match[str]) -> str:
            name, attribute = match.groups()
            piece = self._attribute(stack, name, attribute) if attribute else self._ref(stack, name)
            return self._say([piece])

        return _IN_BRACKETS.sub(named, text)

    def pieces(self, stack: Stack, value: Any) -> Iterator[Piece]:
        """Text and references, one after another; objects and lists item by item."""
        if isinstance(value, list):
            for item in value:
                yield from self.pieces(stack, item)
        elif not isinstance(value, Mapping):
            yield compact(value)
        else:
            function = _function(value)
            if function is None:
                for item in value.values():
                    yield from self.pieces(stack, item)
            else:
                yield from self._call(stack, function, value[function])

    def _call(self, stack: Stack, function: str, argument: Any) -> Iterator[Piece]:
        match function, argument:
            case "Ref", str():
                yield self._ref(stack, argument)
            case "Fn::GetAtt", str():
                name, _, attribute = argument.partition(".")
                yield self._attribute(stack, name, attribute)
            case "Fn::GetAtt", [str() as name, attribute]:
                yield self._attribute(stack, name, compact(self.plain(stack, attribute)))
            case "Fn::ImportValue", _:
                name = self._say(list(self.pieces(stack, argument)))
                if name in self._exports:
                    yield from self.pieces(*self._exports[name])
                else:
                    yield f"{{import {name}}}"
            case "Fn::Join", [separator, list() as items]:
                for place, item in enumerate(items):
                    if place:
                        yield str(separator)
                    yield from self.pieces(stack, item)
            case "Fn::Sub", _:
                yield from self._sub(stack, argument)
            case "Fn::Select", [index, list() as items] if str(index).isdigit():
                if int(index) < len(items):
                    yield from self.pieces(stack, items[int(index)])
            case "Fn::FindInMap", [name, *keys]:
                yield self._in_map(stack, name, keys)
            case "Fn::If", [_, one, other]:
                none = {"Ref": "AWS::NoValue"}
                branches = [branch for branch in (one, other) if branch != none]
                for place, branch in enumerate(branches):
                    if place:
                        yield " or "
                    yield from self.pieces(stack, branch)
            case "Fn::Base64", _:
                yield from self.pieces(stack, argument)
            case _:
                yield f"{{{function.removeprefix('Fn::')} of "
                yield from self.pieces(stack, argument)
                yield "}"

    def _ref(self, stack: Stack, name: str) -> Piece:
        if name in stack.resources:
            return Use(stack.resources[name], "")
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": stack.region or "{region}",
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::NoValue": "",
        }
        return pseudo.get(name, f"{{{name}}}")

    def _attribute(self, stack: Stack, name: str, attribute: str) -> Piece:
        if name in stack.resources:
            return Use(stack.resources[name], attribute)
        return f"{{{name}.{attribute}}}"

    def _sub(self, stack: Stack, argument: Any) -> Iterator[Piece]:
        text, variables = argument if isinstance(argument, list) else (argument, {})
        end = 0
        for match in _PLACE.finditer(str(text)):
            yield str(text)[end : match.start()]
            end = match.end()
            literal, name = match.groups()
            if literal:
                yield f"${{{name}}}"
            elif name in variables:
                yield from self.pieces(stack, variables[name])
            elif "." in name:
                yield self._attribute(stack, *name.split(".", 1))
            else:
                yield self._ref(stack, name)
        yield str(text)[end:]

    def _in_map(self, stack: Stack, name: Any, keys: list[Any]) -> str:
        found: Any = stack.part("Mappings").get(str(name), {})
        for key in keys[:2]:
            key_text = compact(self.plain(stack, key))
            found = found.get(key_text) if isinstance(found, Mapping) else None
        if found is None:
            return f"{{{compact(self.plain(stack, keys[-1]))} in {name}}}"
        return compact(found)

    def _say(self, pieces: list[Piece]) -> str:
        return "".join(piece if isinstance(piece, str) else self._name(piece) for piece in pieces)

    def _name(self, use: Use) -> str:
        if self._stable:
            return f"<{use.resource.stack}.{use.resource.logical_id}.{use.attribute}>"
        if use.attribute in _ITSELF:
            return use.resource.name
        return f"{use.resource.name}.{use.attribute}"


def _function(value: Mapping[str, Any]) -> str | None:
    """The name of the intrinsic function that the object is; None if it is a plain one."""
    if len(value) != 1:
        return None
    (name,) = value
    return name if name == "Ref" or name.startswith("Fn::") else None
