"""A CloudFormation template and the values of its parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from penstock.localcloud.cloudformation.errors import TemplateError

_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
_RESOURCE_FIELDS = frozenset(
    {
        "Condition",
        "DeletionPolicy",
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdateReplacePolicy",
    }
)
_POLICIES = frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"})


@dataclass(frozen=True)
class ParameterValue:
    """A parameter of a stack: `given` is what the API got, `value` what Ref gives.

    For AWS::SSM::Parameter::Value<...> types `given` is the SSM parameter's name.
    """

    given: str
    value: str | list[str]
    from_ssm: bool = False
    no_echo: bool = False


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms; dates stay strings."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True)
class Template:
    """A parsed template; `body` is its text as it was given."""

    body: str
    document: dict[str, Any]

    @classmethod
    def parse(cls, body: str) -> Template:
        """Read JSON or YAML. TemplateError names a section or field that is not known."""
        try:
            document = json.loads(body)
        except ValueError:
            try:
                # a subclass of SafeLoader
                document = yaml.load(body, Loader=_Loader)  # noqa: S506
            except yaml.YAMLError as error:
                place = str(error).replace("\n", " ")
                raise TemplateError(f"Template format error: not JSON or YAML: {place}") from None
        if not isinstance(document, dict):
            raise TemplateError("Template format error: the template is not an object")
        unknown = sorted(set(document) - _SECTIONS)
        if unknown:
            raise TemplateError(
                f"Invalid template property or properties [{', '.join(map(str, unknown))}]"
            )
        if not isinstance(document.get("Resources"), dict) or not document["Resources"]:
            raise TemplateError(
                "Template format error: At least one Resources member must be defined."
            )
        transforms = document.get("Transform", [])
        for transform in transforms if isinstance(transforms, list) else [transforms]:
            # its functions are plain functions here; Fn::ForEach is refused by name when used
            if transform != "AWS::LanguageExtensions":
                raise TemplateError(
                    f"Template error: the transform {transform!r} is not supported here; "
                    "give the template as the transform leaves it"
                )
        if document.get("Hooks"):
            raise TemplateError("Template error: the Hooks section is not supported here")
        template = cls(body, document)
        for logical_id, definition in template.resources.items():
            template._check_resource(logical_id, definition)
        return template

    @staticmethod
    def _check_resource(logical_id: str, definition: Any) -> None:
        where = f"resource {logical_id}"
        if logical_id.startswith("Fn::"):
            raise TemplateError(f"Template error: {logical_id} is not supported here")
        if not isinstance(definition, dict) or not isinstance(definition.get("Type"), str):
            raise TemplateError(f"Template format error: {where} has no Type")
        unknown = sorted(set(definition) - _RESOURCE_FIELDS)
        if unknown:
            raise TemplateError(
                f"Template format error: {where} has fields that are not supported here: "
                f"{', '.join(unknown)}; known: {', '.join(sorted(_RESOURCE_FIELDS))}"
            )
        for field in ("DeletionPolicy", "UpdateReplacePolicy"):
            policy = definition.get(field, "Delete")
            if policy not in _POLICIES:
                raise TemplateError(
                    f"Template format error: {where}: {field} {policy!r} is none of "
                    f"{', '.join(sorted(_POLICIES))}"
                )

    def section(self, name: str) -> dict[str, Any]:
        """A top-level section, empty when the template has none."""
        return self.document.get(name) or {}

    @property
    def resources(self) -> dict[str, Any]:
        """Resource definitions by logical id."""
        return self.section("Resources")

    @property
    def description(self) -> str | None:
        """The template's Description."""
        return self.document.get("Description")

    def types(self) -> dict[str, list[str]]:
        """Resource types used, each with the logical ids that have it."""
        found: dict[str, list[str]] = {}
        for logical_id, definition in self.resources.items():
            found.setdefault(definition["Type"], []).append(logical_id)
        return found

    def parameter_values(
        self, given: Mapping[str, str], read_ssm: Callable[[str], str]
    ) -> dict[str, ParameterValue]:
        """Every parameter's value: what was given, or its default, checked against its rules.

        SSM-typed parameters are read through `read_ssm` each time this is called, as AWS does
        on each stack operation (CloudFormation user guide, "SSM parameter types").
        """
        definitions = self.section("Parameters")
        strangers = sorted(set(given) - set(definitions))
        if strangers:
            raise TemplateError(
                f"Parameters: [{', '.join(strangers)}] do not exist in the template"
            )
        missing = [
            name
            for name, definition in definitions.items()
            if name not in given and "Default" not in definition
        ]
        if missing:
            raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
        return {
            name: _parameter(
                name, definition, _text(given.get(name, definition.get("Default"))), read_ssm
            )
            for name, definition in definitions.items()
        }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


def _parameter(
    name: str, definition: dict[str, Any], given: str, read_ssm: Callable[[str], str]
) -> ParameterValue:
    kind = str(definition.get("Type", ""))
    no_echo = _text(definition.get("NoEcho", False)) == "true"
    # for SSM types the rules hold for the name that is given, not for the value behind it
    # (unconfirmed: the user guide only says that the value itself cannot be validated)
    _check_rules(name, definition, kind, given)
    match = _SSM_VALUE.fullmatch(kind)
    if match:
        text = read_ssm(given)
        value: str | list[str] = _split(text) if _is_list(match[1]) else text
        return ParameterValue(given, value, from_ssm=True, no_echo=no_echo)
    if _is_list(kind):
        return ParameterValue(given, _split(given), no_echo=no_echo)
    if kind in ("String", "Number", "AWS::SSM::Parameter::Name") or re.fullmatch(
        r"AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+", kind
    ):
        return ParameterValue(given, given, no_echo=no_echo)
    raise TemplateError(f"Template format error: parameter {name} has the unknown type {kind!r}")


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def _check_rules(name: str, definition: dict[str, Any], kind: str, given: str) -> None:
    items = _split(given) if _is_list(kind) else [given]
    because = definition.get("ConstraintDescription")

    def refuse(rule: str) -> TemplateError:
        return TemplateError(f"Parameter '{name}' {because or rule}, got {given!r}")

    allowed = definition.get("AllowedValues")
    pattern = definition.get("AllowedPattern")
    for item in items:
        if allowed is not None and item not in map(_text, allowed):
            raise refuse(f"must be one of AllowedValues [{', '.join(map(_text, allowed))}]")
        if pattern is not None and not re.fullmatch(pattern, item):
            raise refuse(f"must match pattern {pattern}")
        if kind in ("Number", "List<Number>"):
            try:
                number = float(item)
            except ValueError:
                raise refuse("must be a number") from None
            if "MinValue" in definition and number < float(definition["MinValue"]):
                raise refuse(f"must be a number not less than {definition['MinValue']}")
            if "MaxValue" in definition and number > float(definition["MaxValue"]):
                raise refuse(f"must be a number not greater than {definition['MaxValue']}")
    if "MinLength" in definition and len(given) < int(definition["MinLength"]):
        raise refuse(f"must contain at least {definition['MinLength']} characters")
    if "MaxLength" in definition and len(given) > int(definition["MaxLength"]):
        raise refuse(f"must contain at most {definition['MaxLength']} characters")
