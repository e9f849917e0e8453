"""Refuses templates that CloudFormation would refuse: by the resource schemas, before a deploy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from penstock.localcloud.cloudformation.intrinsics import intrinsic_of, sub_references
from penstock.localcloud.cloudformation.registry import IGNORED
from penstock.localcloud.cloudformation.template import Template
from penstock.localcloud.schema.keywords import Keywords
from penstock.localcloud.schema.schemas import ResourceSchema, schema_of
from penstock.localcloud.schema.values import Step
from penstock.localcloud.schema.violation import Violation


def violations(template: Template, stack: str, region: str) -> list[str]:
    """One line for each thing that the schemas of `region` do not allow in the template."""
    schemas: dict[str, ResourceSchema] = {}
    lines: list[str] = []
    for logical_id, definition in template.resources.items():
        type_ = definition["Type"]
        if type_ in IGNORED:
            continue
        schema = schema_of(type_, region)
        if schema is None:
            wrong = Violation(("Type",), "E3006", f"{region} has no type {type_}")
            lines.append(wrong.line(stack, logical_id))
            continue
        schemas[logical_id] = schema
        found = _of_resource(schema, definition.get("Properties") or {})
        lines += (violation.line(stack, logical_id) for violation in found)
    for where, part in _parts(template):
        found = _unknown_attributes(part, schemas)
        lines += (violation.line(stack, where) for violation in found)
    return lines


def _of_resource(schema: ResourceSchema, properties: Any) -> Iterator[Violation]:
    yield from Keywords(schema).violations({**schema.content, "type": "object"}, properties, ())
    for name in sorted(schema.read_only.intersection(properties)):
        yield Violation((name,), "E3040", "only the service sets it")


def _parts(template: Template) -> Iterable[tuple[str, Any]]:
    yield from ((name, part.get("Properties")) for name, part in template.resources.items())
    yield from (
        (f"Outputs.{name}", output.get("Value"))
        for name, output in template.section("Outputs").items()
    )


def _unknown_attributes(part: Any, schemas: dict[str, ResourceSchema]) -> Iterator[Violation]:
    """Every Fn::GetAtt, and ${resource.attribute} of a Fn::Sub, that the type does not give."""
    for path, logical_id, attribute in _reads(part, ()):
        schema = schemas.get(logical_id)
        if schema is None:  # another line says so
            continue
        allowed = schema.attributes()
        if attribute not in allowed:
            said = (
                f"{logical_id} ({schema.type}) has no attribute {attribute}; "
                f"allowed: {', '.join(sorted(allowed)) or 'none'}"
            )
            yield Violation(path, "E1010", said)


def _reads(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    name = intrinsic_of(value)
    if name == "Fn::GetAtt":
        given = value[name]
        pair = given.split(".", 1) if isinstance(given, str) else given
        if len(pair) == 2 and all(isinstance(item, str) for item in pair):
            yield path, pair[0], pair[1]
    elif name == "Fn::Sub":
        text, own = value[name], {}
        if isinstance(text, list):
            text, own = text[0], text[1]
        for used, literal in sub_references(text):
            match = re.fullmatch(r"(\w+)\.(.+)", used)
            if match and not literal and used not in own:
                yield path, match[1], match[2]
        yield from _reads(own, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _reads(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _reads(item, (*path, number))
