"""CloudFormation's resource schemas, in the copy that cfn-lint ships."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from penstock.localcloud.errors import LocalCloudError

_ANY_REGION = "us-east-1"  # the region with the most types, for regions without a file
# Types of before the registry, whose Fn::GetAtt gives properties that no schema calls read-only
# (cfn-lint 1.58.0, schema/_getatts.py)
_EVERY_PROPERTY = frozenset(
    {
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::SageMaker::DataQualityJobDefinition",
        "AWS::SageMaker::MonitoringSchedule",
    }
)
_FURTHER_ATTRIBUTES = {
    "AWS::SageMaker::Endpoint": ("EndpointName",),
    "AWS::SageMaker::EndpointConfig": ("EndpointConfigName",),
    "AWS::SageMaker::Model": ("ModelName",),
}


@dataclass(frozen=True)
class ResourceSchema:
    """The schema of one type in one region."""

    type: str
    content: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """Schemas of the top-level properties."""
        found: dict[str, Any] = self.content["properties"]
        return found

    @property
    def read_only(self) -> frozenset[str]:
        """Top-level properties that only the service sets."""
        return frozenset(
            name for name in map(_dotted, self.content.get("readOnlyProperties", [])) if name
        )

    def attributes(self) -> frozenset[str]:
        """What Fn::GetAtt can give; `Endpoint.Address` for one inside another."""
        of_before = self.properties if self.type in _EVERY_PROPERTY else ()
        return self.read_only | {*of_before, *_FURTHER_ATTRIBUTES.get(self.type, ())}

    def resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A part of the schema, with what its $ref stands for."""
        while "$ref" in part:
            found: Any = self.content
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            part = {**{key: value for key, value in part.items() if key != "$ref"}, **found}
        return part


def schema_of(type_: str, region: str) -> ResourceSchema | None:
    """The schema of a type, None when the region does not have the type."""
    name = _types(region).get(type_)
    return None if name is None else _read(type_, name)


def types_of(region: str) -> frozenset[str]:
    """Every type that a region has."""
    return frozenset(_types(region))


@cache
def schema_date() -> str:
    """Of when the schemas are, as YYYY-MM-DD."""
    version = json.loads((_folder() / "version.json").read_text(encoding="utf-8"))
    return str(version["schema_date"])[:10]


def _dotted(pointer: str) -> str:
    return pointer.removeprefix("/properties/").replace("/", ".")


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise LocalCloudError(
            "cfn-lint is not installed: its schemas say whether a template may be deployed; "
            "run `make setup`"
        )
    return Path(found.submodule_search_locations[0], "data", "schemas")


@cache
def _types(region: str) -> Mapping[str, str]:
    path = _folder() / "providers" / f"{region}.json"
    if not path.is_file():
        path = path.with_name(f"{_ANY_REGION}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _read(type_: str, name: str) -> ResourceSchema:
    path = _folder() / "resources" / f"{name}.json"
    return ResourceSchema(type_, json.loads(path.read_text(encoding="utf-8")))
