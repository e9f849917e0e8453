"""Section: the differences to another assembly."""

from __future__ import annotations

import re
from collections import Counter

from penstock.html.wording import counted
from penstock.review.assembly import Assembly
from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Section,
    Table,
    Tiles,
    alert,
    code,
    soft,
    strong,
)
from penstock.review.changes.permissions import Shift, shifts
from penstock.review.changes.resources import Change, Difference, changes
from penstock.review.changes.schemas import date
from penstock.review.exposure import marks

_SHOWN = 160  # signs of a value
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")  # of an asset's content
_SHOWN_DIFFERENCES = 12
_FEW = 5  # more that were only added or changed are folded


def changes_section(before: Assembly, after: Assembly) -> Section:
    """Resources first, then permissions."""
    found, moved = changes(before, after), shifts(before, after)
    kinds = Counter(change.kind for change in found)
    wider = sum(shift.direction == "widened" for shift in moved)
    names = {stack.name for stack in before.stacks}
    blocks: list[Block] = [
        Tiles(
            [
                ("added", str(kinds["added"]), "resources"),
                ("changed", str(kinds["changed"]), "in place"),
                (
                    "replaced",
                    str(kinds["replaced"] + kinds["perhaps replaced"]),
                    "a new one, then the old one goes",
                ),
                ("removed", str(kinds["removed"]), "resources"),
                ("widened", str(wider), "statements of permissions"),
                ("narrowed", str(len(moved) - wider), "statements of permissions"),
            ]
        )
    ]
    if not names & {stack.name for stack in after.stacks}:
        told = "No stack has the same name in both assemblies, so everything is new or gone."
        blocks.append(Paragraph(told))
    blocks += _resources(found)
    blocks += _permissions(after, moved)
    blocks += _other_parts(before, after)
    return Section("changes", "Changes", blocks, is_brief=True)


def _resources(found: list[Change]) -> list[Block]:
    if not found:
        return [Paragraph("No resource differs.")]
    order = ("removed", "replaced", "perhaps replaced", "changed", "added")
    blocks: list[Block] = []
    for kind in order:
        chosen = [change for change in found if change.kind == kind]
        if not chosen:
            continue
        table = Table([kind, "type", "what"], [_row(change) for change in chosen])
        is_grave = kind in ("removed", "replaced", "perhaps replaced")
        if is_grave or len(chosen) <= _FEW:
            blocks.append(table)
        else:
            blocks.append(Folded(f"{counted(len(chosen), 'resource')} {kind}", [table]))
    said = f"Replaced or not: by CloudFormation's resource schemas of {date()}, from cfn-lint."
    return [*blocks, Paragraph(said, is_soft=True)]


def _row(change: Change) -> list[Cell]:
    said: list[Line] = [alert(note) if _is_trouble(note) else note for note in change.notes]
    for difference in change.differences[:_SHOWN_DIFFERENCES]:
        said += _difference(difference)
    rest = len(change.differences) - _SHOWN_DIFFERENCES
    if rest > 0:
        said.append(soft(f"and {counted(rest, 'more property', 'more properties')}"))
    return [strong(change.resource.name), code(change.resource.type), said]


def _is_trouble(note: str) -> bool:
    return "refuses" in note or note in ("is deleted", "the old one is deleted")


def _difference(difference: Difference) -> list[Line]:
    name: Line = code(difference.path)
    if "Policy" in difference.path and "Statement" in difference.path:
        return [name, soft("see permissions")]
    if difference.update in ("replaced", "perhaps replaced"):
        name = alert(f"{difference.path}: {difference.update}")
    if difference.before is None:
        return [name, f"now {_short(difference.after)}"]
    if difference.after is None:
        return [name, f"was {_short(difference.before)}"]
    before, after = _apart(difference.before, difference.after)
    return [name, f"{before} → {after}"]


def _apart(before: str, after: str) -> tuple[str, str]:
    """Both values from a little before they differ, if they are long."""
    if max(len(before), len(after)) <= _SHOWN:
        return _short(before), _short(after)
    start = next(
        (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    start = max(0, start - 20)
    mark = "…" if start else ""
    return mark + _short(before[start:]), mark + _short(after[start:])


def _short(text: str | None) -> str:
    text = _HASH.sub(r"\1…", text or "")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _permissions(after: Assembly, moved: list[Shift]) -> list[Block]:
    """Open where somebody may do more."""
    if not moved:
        return [Paragraph("Nobody may do more or less than before.")]
    wider = [shift for shift in moved if shift.direction == "widened"]
    narrower = [shift for shift in moved if shift.direction == "narrowed"]
    blocks: list[Block] = []
    if wider:
        blocks.append(_shifts(after, wider))
    if narrower:
        summary = f"{counted(len(narrower), 'statement')} narrowed"
        blocks.append(Folded(summary, [_shifts(after, narrower)]))
    return blocks


def _other_parts(before: Assembly, after: Assembly) -> list[Block]:
    """Parts of templates that are no resources, but may decide what resources there are."""
    rows: list[list[Cell]] = []
    for stack in after.stacks:
        old = before.by_name.get(stack.name)
        for part in ("Parameters", "Conditions", "Mappings") if old else ():
            was, now = old.part(part) if old else {}, stack.part(part)
            names = [name for name in {**now, **was} if was.get(name) != now.get(name)]
            if names:
                rows.append([stack.name, part, ", ".join(names)])
    return [Table(["stack", "part of the template", "differs in"], rows)] if rows else []


def _shifts(after: Assembly, moved: list[Shift]) -> Table:
    rows: list[list[Cell]] = []
    for shift in moved:
        statement = shift.statement
        stands_out = marks(statement, after.stacks[0]) if shift.direction == "widened" else []
        is_wider = shift.direction == "widened"
        direction: Line = alert("widened") if is_wider else shift.direction
        effect = "" if statement.effect == "Allow" else f" ({statement.effect})"
        who: list[Line] = [strong(shift.holder), f"{shift.what}{effect}"]
        who += [*statement.principals]
        rows.append(
            [
                [direction, *[alert(mark) for mark in stands_out]],
                who,
                [code(action) for action in statement.actions] or code(statement.opaque),
                [code(resource) for resource in statement.resources],
                code(statement.condition) if statement.condition else "",
            ]
        )
    return Table(["permissions", "who", "actions", "resources", "if"], rows)
