"""The CloudFormation templates of one deployment, as the rules read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.rules.text import text


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of a template; `template` is the file that it is in."""

    template: Path
    logical_id: str
    type: str
    properties: Mapping[str, Any]


class Templates:
    """All templates of one deployment: references between its stacks are followed."""

    def __init__(self, bodies: Mapping[Path, Mapping[str, Any]]) -> None:
        self._resources = {
            (path, logical_id): Resource(
                path, logical_id, resource["Type"], resource.get("Properties", {})
            )
            for path, body in bodies.items()
            for logical_id, resource in body.get("Resources", {}).items()
        }
        self._exports = {
            text(output["Export"]["Name"]): (path, output["Value"])
            for path, body in bodies.items()
            for output in body.get("Outputs", {}).values()
            if "Export" in output
        }

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Templates:
        """The templates in these files."""
        return cls({path: json.loads(path.read_text("utf-8")) for path in paths})

    def resources(self, *types: str) -> Iterator[Resource]:
        """The resources of some types, such as 'AWS::SageMaker::Model'; all without any."""
        for resource in self._resources.values():
            if not types or resource.type in types:
                yield resource

    def target(self, template: Path, value: Any) -> Resource | None:
        """The resource that a Ref, a Fn::GetAtt or a Fn::ImportValue leads to, if it is here."""
        match value:
            case {"Ref": str(name)}:
                return self._resources.get((template, name))
            case {"Fn::GetAtt": [str(name), *_]}:
                return self._resources.get((template, name))
            case {"Fn::GetAtt": str(name)}:
                return self._resources.get((template, name.partition(".")[0]))
            case {"Fn::ImportValue": name}:
                exported = self._exports.get(text(name))
                return None if exported is None else self.target(*exported)
        return None
