"""A cloud assembly as its templates say it: stacks in deploy order, resources by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from penstock.assembly.errors import AssemblyError
from penstock.assembly.manifest import STACK, artifacts, environment, read_json

_HASH = re.compile(r"(?<=.)[0-9A-F]{8}$")  # CDK puts it behind a logical id
_UNNAMED = ("Resource", "Default")  # a construct's own resource


@dataclass(frozen=True)
class Resource:
    """One resource; `name` tells it from all others of the assembly, as people know it.

    `label` is the name within its stack.
    """

    stack: str
    logical_id: str
    type: str
    name: str
    label: str
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def properties(self) -> Mapping[str, Any]:
        """As the template has them."""
        found = self.document.get("Properties")
        return found if isinstance(found, Mapping) else {}

    @property
    def is_kept(self) -> bool:
        """Whether it stays in the account when it leaves the template."""
        return self.document.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate", "Snapshot")

    @property
    def key(self) -> tuple[str, str]:
        """The same in every assembly of the same app."""
        return self.stack, self.logical_id


@dataclass(frozen=True)
class Stack:
    """One stack. `account` and `region` are None where it is bound to none.

    `place` is its own place among the constructs.
    """

    name: str
    short_name: str
    place: str
    account: str | None
    region: str | None
    template: Mapping[str, Any] = field(repr=False)
    metadata: Mapping[str, Any] = field(repr=False)
    resources: Mapping[str, Resource] = field(repr=False)

    def part(self, name: str) -> Mapping[str, Any]:
        """A part of the template such as Parameters; empty if it has none."""
        found = self.template.get(name)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True)
class Assembly:
    """All stacks, and what the synth's validations said."""

    directory: Path
    stacks: tuple[Stack, ...]
    validation: Mapping[str, Any] = field(repr=False)

    @cached_property
    def resources(self) -> dict[tuple[str, str], Resource]:
        """Every resource by its key, in the order of the stacks."""
        return {
            resource.key: resource for stack in self.stacks for resource in stack.resources.values()
        }

    @cached_property
    def by_name(self) -> dict[str, Stack]:
        """Stacks by their names in CloudFormation."""
        return {stack.name: stack for stack in self.stacks}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Resources of these types, in order."""
        return (resource for resource in self.resources.values() if resource.type in types)


def read(directory: Path) -> Assembly:
    """Read the assembly in a folder.

    Raises AssemblyError if there is none, or a file of it cannot be read.
    """
    found = {
        artifact_id: (folder, artifact)
        for artifact_id, (folder, artifact) in artifacts(directory)
        if artifact["type"] == STACK
    }
    if not found:
        raise AssemblyError(f"{directory}: the cloud assembly holds no stack")
    needs = {
        name: [other for other in artifact.get("dependencies", []) if other in found]
        for name, (_, artifact) in found.items()
    }
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError:
        raise AssemblyError(f"{directory}: its stacks need each other in a circle") from None
    names = {name: str(found[name][1]["properties"].get("stackName", name)) for name in order}
    shared = _shared_start(list(names.values()))
    stacks = tuple(
        _stack(name, *found[name], stack_name=names[name], shared=shared) for name in order
    )
    report = directory / "validation-report.json"
    said = read_json(report, "the validation report cannot be read") if report.is_file() else {}
    return Assembly(directory, stacks, said)


def _stack(
    artifact_id: str, folder: Path, artifact: dict[str, Any], *, stack_name: str, shared: str | None
) -> Stack:
    properties = artifact["properties"]
    template = read_json(folder / properties["templateFile"], "a template cannot be read")
    metadata: dict[str, Any] = artifact.get("metadata") or {}
    if "additionalMetadataFile" in artifact:
        path = folder / artifact["additionalMetadataFile"]
        metadata = {**metadata, **read_json(path, "a stack's metadata cannot be read")}
    account, region = environment(artifact_id, artifact)
    short_name = stack_name.removeprefix(shared or "")
    place = str(artifact.get("displayName", stack_name))
    labels = _labels(template.get("Resources") or {}, metadata, place)
    resources = {
        logical_id: Resource(
            stack=stack_name,
            logical_id=logical_id,
            type=str(document.get("Type", "")),
            name=labels[logical_id] if shared is None else f"{short_name}/{labels[logical_id]}",
            label=labels[logical_id],
            document=document,
        )
        for logical_id, document in (template.get("Resources") or {}).items()
    }
    return Stack(stack_name, short_name, place, account, region, template, metadata, resources)


def _shared_start(names: list[str]) -> str | None:
    """What all names of stacks begin with, up to a dash; None for a stack that is alone."""
    if len(names) < 2:
        return None
    shortest = min(names, key=len)
    length = next(
        (i for i, sign in enumerate(shortest) if any(name[i] != sign for name in names)),
        len(shortest),
    )
    return shortest[: shortest.rfind("-", 0, length) + 1]


def _labels(
    resources: Mapping[str, Any], metadata: Mapping[str, Any], stack_place: str
) -> dict[str, str]:
    """A logical id's place among the constructs; without CDK's metadata the id without its hash."""
    places = {
        entry["data"]: path
        for path, entries in metadata.items()
        for entry in entries
        if entry.get("type") == "aws:cdk:logicalId" and entry.get("data") in resources
    }
    start = f"/{stack_place}/"
    labels = {}
    for logical_id in resources:
        steps = places.get(logical_id, "").removeprefix(start).strip("/").split("/")
        while len(steps) > 1 and steps[-1] in _UNNAMED:
            steps.pop()
        labels[logical_id] = "/".join(steps) or _HASH.sub("", logical_id)
    taken = list(labels.values())
    return {
        logical_id: label if taken.count(label) == 1 else f"{label} ({logical_id})"
        for logical_id, label in labels.items()
    }


def as_list(value: Any) -> list[Any]:
    """What templates let be one value or a list of them; nothing for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def compact(value: Any) -> str:
    """A value as JSON on one line; text as it is."""
    return value if isinstance(value, str) else json.dumps(value, separators=(", ", ": "))
