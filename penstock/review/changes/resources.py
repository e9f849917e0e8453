"""Resources that were added, changed, replaced or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from penstock.review.assembly import Assembly, Resource
from penstock.review.changes.schemas import Update, own_name, update_of
from penstock.review.values import Values

Kind = Literal["added", "changed", "replaced", "perhaps replaced", "removed"]
# parts of a resource beside its properties that are worth telling
_ATTRIBUTES = ("Condition", "DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "UpdatePolicy")
_ABSENT = object()
_Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One property, old and new as text; None where it was not there."""

    path: str
    before: str | None
    after: str | None
    update: Update


@dataclass
class Change:
    """What happens to one resource. `notes` are what a deployment may stumble over."""

    resource: Resource
    kind: Kind
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def changes(before: Assembly, after: Assembly) -> list[Change]:
    """Every difference, in the order of the new assembly; what was removed comes last."""
    old_values, new_values = Values(before), Values(after)
    found: dict[tuple[str, str], Change] = {}
    for key, resource in after.resources.items():
        old = before.resources.get(key)
        if old is None:
            found[key] = Change(resource, "added")
        elif change := _changed(old, resource, old_values, new_values):
            found[key] = change
    _spread(found, after, new_values)
    for key, resource in before.resources.items():
        if key not in after.resources:
            found[key] = Change(resource, "removed", notes=[_farewell(resource)])
    return list(found.values())


def _changed(old: Resource, new: Resource, old_values: Values, new_values: Values) -> Change | None:
    if old.type != new.type:
        difference = Difference("Type", old.type, new.type, "replaced")
        return Change(new, "replaced", [difference], [_farewell(old)])
    differences = [
        Difference(
            ".".join(path),
            _said(old_values, old, before),
            _said(new_values, new, after),
            update_of(new.type, path),
        )
        for path, before, after in _leaves((), old.properties, new.properties)
    ]
    differences += [
        Difference(name, _attribute(old, name), _attribute(new, name), "in place")
        for name in _ATTRIBUTES
        if old.document.get(name) != new.document.get(name)
    ]
    if not differences:
        return None
    kind: Kind = "changed"
    updates = {difference.update for difference in differences}
    if "replaced" in updates:
        kind = "replaced"
    elif "perhaps replaced" in updates:
        kind = "perhaps replaced"
    change = Change(new, kind, differences)
    if kind == "replaced":
        change.notes += _replacement_notes(old, new)
    if "unknown" in updates:
        change.notes.append("no schema of its type: what the change does is unknown")
    return change


def _replacement_notes(old: Resource, new: Resource) -> Iterator[str]:
    stays = old.document.get("UpdateReplacePolicy") in ("Retain", "Snapshot")
    yield "the old one stays in the account" if stays else "the old one is deleted"
    for name in own_name(new.type):
        value = new.properties.get(name)
        if isinstance(value, str) and old.properties.get(name) == value:
            yield f"its {name} {value} stays the same, so CloudFormation refuses: change it as well"


def _farewell(old: Resource) -> str:
    return "stays in the account" if old.is_kept else "is deleted"


def _spread(found: dict[tuple[str, str], Change], after: Assembly, values: Values) -> None:
    """What refers to a replaced resource is updated with it, or replaced in its turn."""
    waiting = [change.resource for change in found.values() if change.kind == "replaced"]
    while waiting:
        replaced = waiting.pop(0)
        for resource in after.resources.values():
            change = found.get(resource.key)
            if resource == replaced or (change and change.kind in ("added", "replaced")):
                continue
            paths = [
                name
                for name, value in resource.properties.items()
                if replaced in values.uses(resource, value)
            ]
            if not paths:
                continue
            updates = [update_of(resource.type, (name,)) for name in paths]
            told = f"{', '.join(paths)} refers to {replaced.name}, which is replaced"
            change = found.setdefault(resource.key, Change(resource, "changed"))
            if told not in change.notes:
                change.notes.append(told)
            if resource.stack != replaced.stack:
                note = (
                    f"{resource.stack} imports it: CloudFormation refuses to change an export "
                    "that is in use"
                )
                source = found[replaced.key]
                if note not in source.notes:
                    source.notes.append(note)
            if "replaced" in updates:
                change.kind = "replaced"
                waiting.append(resource)


def _leaves(
    path: tuple[str, ...], old: Any, new: Any
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The smallest parts that differ: down objects, and lists of the same length."""
    if old == new:
        return
    if _is_plain(old) and _is_plain(new):
        for name in dict.fromkeys([*old, *new]):
            yield from _leaves((*path, name), old.get(name, _ABSENT), new.get(name, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _leaves((*path, str(place)), one, other)
    else:
        yield path, old, new


def _is_plain(value: Any) -> bool:
    """An object that is no intrinsic function."""
    if not isinstance(value, Mapping):
        return False
    return not (len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")))


def _said(values: Values, resource: Resource, value: Any) -> str | None:
    return None if value is _ABSENT else values.text(resource, value)


def _attribute(resource: Resource, name: str) -> str | None:
    value = resource.document.get(name)
    return None if value is None else str(value)
