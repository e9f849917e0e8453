"""What SageMaker is asked for: by a resource, or by a state of a state machine.

Both spell it alike, as CloudFormation took over the API's names (compare AWS::SageMaker::Model
with CreateModel in botocore 1.44.5). What a function or a notebook asks for is not seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from penstock.rules.rule import Breach
from penstock.rules.states import STATE_MACHINE, states
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

Kind = Literal[
    "training",
    "model",
    "processing",
    "transform",
    "automl",
    "monitoring",
    "endpoint configuration",
]

# the name in Create<name> and in AWS::SageMaker::<name>
_KINDS: dict[str, Kind] = {
    "TrainingJob": "training",
    "Model": "model",
    "ProcessingJob": "processing",
    "TransformJob": "transform",
    "AutoMLJobV2": "automl",
    "EndpointConfig": "endpoint configuration",
    "DataQualityJobDefinition": "monitoring",
    "ModelQualityJobDefinition": "monitoring",
    "ModelBiasJobDefinition": "monitoring",
    "ModelExplainabilityJobDefinition": "monitoring",
}
# requests that hold others: where those are, and their kind
_HOLDERS: dict[str, tuple[tuple[str, Kind], ...]] = {
    "HyperParameterTuningJob": (
        ("TrainingJobDefinition", "training"),
        ("TrainingJobDefinitions", "training"),
    ),
    "MonitoringSchedule": (("MonitoringScheduleConfig.MonitoringJobDefinition", "monitoring"),),
}
_CALL = re.compile(r":(?:aws-sdk:)?sagemaker:create(\w+?)(?:\.\w+)?$")
_TYPE = re.compile(r"AWS::SageMaker::(\w+)$")


class RunTime(Enum):
    """The value of a setting that only an execution of the state machine knows."""

    VALUE = "decided at run time"


@dataclass(frozen=True)
class Request:
    """`values` are the parameters, which lie below `path` of the resource."""

    kind: Kind
    values: Mapping[str, Any]
    resource: Resource
    path: str
    state: str | None

    def setting(self, name: str) -> Any:
        """The value at a dotted name; None if it is absent."""
        return _setting(self.values, name)

    def breach(self, name: str, what: str, remedy: str) -> Breach:
        """A breach at a dotted name."""
        return Breach(self.resource, f"{self.path}.{name}", what, remedy, part=self.state)


def requests(templates: Templates, *kinds: Kind) -> Iterator[Request]:
    """All requests of some kinds."""
    for resource in templates.resources():
        if found := _TYPE.match(resource.type):
            yield from _requests(
                found[1], resource.properties, resource, path="Properties", state=None, kinds=kinds
            )
        elif resource.type == STATE_MACHINE:
            for name, path, state in states(resource):
                if call := _CALL.search(text(state.get("Resource", ""))):
                    key = "Arguments" if "Arguments" in state else "Parameters"
                    yield from _requests(
                        call[1],
                        state.get(key, {}),
                        resource,
                        path=f"Properties.{path}.{key}",
                        state=name,
                        kinds=kinds,
                    )


def _requests(
    name: str,
    values: Any,
    resource: Resource,
    *,
    path: str,
    state: str | None,
    kinds: tuple[Kind, ...],
) -> Iterator[Request]:
    if not isinstance(values, Mapping):
        return  # all of it is one expression of JSONata
    kind = _KINDS.get(name)
    if kind in kinds:
        yield Request(kind, values, resource, path, state)
    for holder, held in _HOLDERS.get(name, ()):
        inner = _setting(values, holder)
        if held not in kinds or not isinstance(inner, Mapping | list):
            continue
        below = f"{path}.{holder}"
        if isinstance(inner, Mapping):
            yield Request(held, inner, resource, below, state)
        else:
            for number, one in enumerate(inner):
                yield Request(held, one, resource, f"{below}.{number}", state)


def _setting(values: Any, name: str) -> Any:
    first, _, rest = name.partition(".")
    if not isinstance(values, Mapping):
        return RunTime.VALUE
    if f"{first}.$" in values:
        return RunTime.VALUE
    value = values.get(first)
    if isinstance(value, str) and value.startswith("{%"):
        return RunTime.VALUE
    return value if value is None or not rest else _setting(value, rest)
