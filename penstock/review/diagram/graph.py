"""Boxes and arrows of the diagram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from penstock.review.assembly import Assembly, Resource
from penstock.review.diagram.kinds import GENERIC, JOBS, KINDS, PURPOSES

Flow = Literal["data", "start", "tell"]
_FUNCTION = "Lambda function"
_STRENGTH: dict[Flow, int] = {"data": 0, "tell": 1, "start": 2}


@dataclass(frozen=True)
class Node:
    """A box. `is_job`: not a resource of its own, a state machine starts it."""

    id: str
    label: str
    title: str
    name: str
    stack: str
    purpose: str | None
    is_job: bool = False


@dataclass(frozen=True)
class Arrow:
    """From box to box: data that goes on, something that is started or asked, news that is told."""

    source: str
    target: str
    flow: Flow
    is_mutual: bool = False


@dataclass
class Graph:
    """Boxes by their ids, in the order of the templates."""

    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    groups: dict[str, list[Node]] = field(default_factory=dict)


def node_of(resource: Resource) -> Node | None:
    """The resource's box; None for a type that is none."""
    kind = KINDS.get(resource.type)
    if kind is None:
        return None
    steps = resource.label.split("/")
    while len(steps) > 1 and steps[-1] in GENERIC:
        steps.pop()  # the small print says it
    return Node(
        id=node_id(resource),
        label=kind.label,
        title="/".join(steps),
        name=resource.name,
        stack=resource.stack,
        purpose=kind.purpose,
    )


def job_node(machine: Resource, task: str, action: str) -> Node:
    """The box of what a state machine's task runs."""
    kind = JOBS[action]
    return Node(
        id=f"{node_id(machine)}.{task}",
        label=kind.label,
        title=task,
        name=f"{machine.name} ({task})",
        stack=machine.stack,
        purpose=kind.purpose,
        is_job=True,
    )


def node_id(resource: Resource) -> str:
    """Unique in the assembly."""
    return f"{resource.stack}.{resource.logical_id}"


def build(assembly: Assembly, nodes: Iterable[Node], arrows: Iterable[Arrow]) -> Graph:
    """The graph without boxes that only logs go to, each pair of boxes with one arrow."""
    known = {node.id: node for node in nodes}
    merged = list(_merged(arrow for arrow in arrows if {arrow.source, arrow.target} <= set(known)))
    touched = {end for arrow in merged for end in (arrow.source, arrow.target)}
    quiet = _log_buckets(assembly) - touched
    kept = {name: node for name, node in known.items() if name not in quiet}
    return Graph(kept, merged, _groups(assembly, kept, merged))


def _merged(arrows: Iterable[Arrow]) -> Iterator[Arrow]:
    """One arrow for each pair: the strongest, in both directions if data goes both ways."""
    best: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        pair = (arrow.source, arrow.target)
        if arrow.source == arrow.target:
            continue
        if pair not in best or _STRENGTH[arrow.flow] < _STRENGTH[best[pair].flow]:
            best[pair] = arrow
    for (source, target), arrow in best.items():
        back = best.get((target, source))
        if back is None:
            yield arrow
        elif arrow.flow == back.flow:
            if list(best).index((source, target)) < list(best).index((target, source)):
                yield Arrow(source, target, arrow.flow, is_mutual=True)
        elif _STRENGTH[arrow.flow] < _STRENGTH[back.flow]:
            yield arrow


def _log_buckets(assembly: Assembly) -> set[str]:
    named = {
        str(resource.properties["LoggingConfiguration"].get("DestinationBucketName"))
        for resource in assembly.of_type("AWS::S3::Bucket")
        if "LoggingConfiguration" in resource.properties
    }
    if not named:
        return set()
    return {node_id(resource) for resource in assembly.of_type("AWS::S3::Bucket")}


def _groups(
    assembly: Assembly, nodes: dict[str, Node], arrows: list[Arrow]
) -> dict[str, list[Node]]:
    """Boxes by what they are for, in the order of the data's way."""
    purposes = {name: _told(assembly, node) for name, node in nodes.items()}
    for arrow in arrows:  # what asks an endpoint scores
        if nodes[arrow.target].label == "Endpoint" and nodes[arrow.source].label == _FUNCTION:
            purposes[arrow.source] = purposes[arrow.source] or "scoring"
    for _ in nodes:  # what is around may have to be found out first
        unknown = [name for name, purpose in purposes.items() if purpose is None]
        found = {name: _around(name, purposes, arrows) for name in unknown}
        if not any(found.values()):
            break
        purposes.update({name: purpose for name, purpose in found.items() if purpose})
    groups = {
        purpose: [node for name, node in nodes.items() if (purposes[name] or "other") == purpose]
        for purpose in PURPOSES
    }
    return {purpose: members for purpose, members in groups.items() if members}


def _told(assembly: Assembly, node: Node) -> str | None:
    """By the name of the stack, or else by the type."""
    last = assembly.by_name[node.stack].short_name.rsplit("-", 1)[-1].lower()
    return last if last in PURPOSES else node.purpose


def _around(name: str, purposes: dict[str, str | None], arrows: list[Arrow]) -> str | None:
    """The purpose that most boxes have that it has arrows to and from, the earlier of two."""
    near = [arrow.target for arrow in arrows if arrow.source == name]
    near += [arrow.source for arrow in arrows if arrow.target == name]
    votes = Counter(purpose for other in near if (purpose := purposes.get(other)))
    return min(votes, key=lambda purpose: (-votes[purpose], PURPOSES.index(purpose)), default=None)
