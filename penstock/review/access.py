"""Section: who may do what."""

from __future__ import annotations

from penstock.html.wording import counted
from penstock.review.assembly import Assembly, Resource
from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Section,
    Table,
    alert,
    code,
    soft,
    strong,
)
from penstock.review.exposure import guard_marks, holder_marks, is_grave, marks
from penstock.review.findings import Finding, reasons
from penstock.review.machines import MACHINE, tasks
from penstock.review.openings import openings
from penstock.review.policies import Guard, Holder, Statement, guards, holders
from penstock.review.values import Values

_WIDE = ("any resource", "any action", "all but what is named")


def access(assembly: Assembly, values: Values, found: list[Finding]) -> Section:
    """Role by role, then policies on resources; what leaves the account comes first.

    Args:
        assembly: whose roles and policies they are.
        values: of the same assembly.
        found: the findings, for the reasons that were given for patterns.
    """
    roles = holders(assembly, values)
    policies = guards(assembly, values)
    users = _users(assembly, values)
    blocks: list[Block] = [_outside(assembly, values, roles, policies)]
    blocks += _anything(assembly, roles)
    blocks += [
        _role(assembly, holder, users.get(holder.resource.key, []), found) for holder in roles
    ]
    if policies:
        blocks.append(_guards(assembly, policies))
    return Section("access", "Who may do what", blocks)


def _outside(
    assembly: Assembly, values: Values, roles: list[Holder], policies: list[Guard]
) -> Block:
    """What reaches over the account's border."""
    rows: list[list[Cell]] = []
    for holder in roles:
        stack = assembly.by_name[holder.resource.stack]
        for statement in [*holder.trust, *holder.statements]:
            if grave := [mark for mark in marks(statement, stack) if is_grave(mark)]:
                rows.append(_crossing(holder.resource.name, statement, grave))
    for guard in policies:
        stack = assembly.by_name[guard.resource.stack]
        for statement in guard.statements:
            if grave := [mark for mark in marks(statement, stack) if is_grave(mark)]:
                rows.append(_crossing(guard.protects, statement, grave))
    for opening in openings(assembly, values):
        rows.append([[alert(opening.how)], strong(opening.resource.name), opening.by, ""])
    if not rows:
        return Paragraph("Nothing is public, and nothing reaches into or from another account.")
    return Table(["outside of the account", "who or what", "may", "on"], rows)


def _crossing(name: str, statement: Statement, grave: list[str]) -> list[Cell]:
    who: list[Line] = [strong(name), *[soft(principal) for principal in statement.principals]]
    return [
        [alert(mark) for mark in grave],
        who,
        [code(action) for action in statement.actions],
        [code(resource) for resource in statement.resources],
    ]


def _anything(assembly: Assembly, roles: list[Holder]) -> list[Block]:
    """Statements that are not about named resources."""
    rows: list[list[Cell]] = []
    for holder in roles:
        stack = assembly.by_name[holder.resource.stack]
        for statement in holder.statements:
            wide = [mark for mark in marks(statement, stack) if mark in _WIDE]
            if wide:
                actions: list[Line] = [code(action) for action in statement.actions]
                rows.append([strong(holder.resource.name), [alert(mark) for mark in wide], actions])
    every = sum(len(holder.statements) for holder in roles)
    said = Paragraph(
        f"{counted(len(roles), 'role')} with {counted(every, 'statement')}, "
        f"{len(rows) or 'none'} of them about any resource or any action, without a condition."
    )
    if not rows:
        return [said]
    return [said, Folded("On anything", [Table(["role", "may do it on", "actions"], rows)])]


def _role(assembly: Assembly, holder: Holder, users: list[str], found: list[Finding]) -> Block:
    stack = assembly.by_name[holder.resource.stack]
    why = reasons(found, f"{stack.place}/{holder.resource.label}")
    stands_out = holder_marks(holder, stack)
    head = f"{holder.resource.name}: {counted(len(holder.statements), 'statement')}"
    if stands_out:
        head += f" ⚠ {'; '.join(stands_out)}"
    said = [f"Used by {', '.join(users)}." if users else "No resource of the assembly uses it."]
    for statement in holder.trust:
        verb = "Taken on by" if statement.effect == "Allow" else "Never taken on by"
        under = f", if {statement.condition}" if statement.condition else ""
        said.append(f"{verb} {', '.join(statement.principals) or statement.opaque}{under}.")
    if holder.boundary:
        said.append(f"Bounded by {holder.boundary}.")
    if holder.managed:
        said.append(
            f"Also what these policies say, which the templates do not hold: "
            f"{', '.join(holder.managed)}."
        )
    rows = [_row(statement, marks(statement, stack), why) for statement in holder.statements]
    table = Table(["actions", "resources", "if"], rows)
    return Folded(head, [Paragraph(" ".join(said)), *([table] if rows else [])])


def _row(statement: Statement, stands_out: list[str], why: dict[str, str]) -> list[Cell]:
    actions = _with_reasons(statement.actions, why)
    if statement.effect != "Allow":
        actions.insert(0, strong(statement.effect))
    resources = [alert(mark) for mark in stands_out] + _with_reasons(statement.resources, why)
    return [actions, resources, code(statement.condition) if statement.condition else ""]


def _with_reasons(texts: tuple[str, ...], why: dict[str, str]) -> list[Line]:
    """Each text, and below the last of several in a row for which the same reason was given, it."""
    lines: list[Line] = []
    for place, text in enumerate(texts):
        lines.append(code(text))
        following = why.get(texts[place + 1]) if place + 1 < len(texts) else None
        if text in why and why[text] != following:
            lines.append(soft(f"reason given: {why[text]}"))
    return lines


def _guards(assembly: Assembly, policies: list[Guard]) -> Block:
    rows: list[list[Cell]] = []
    for guard in policies:
        stack = assembly.by_name[guard.resource.stack]
        for place, statement in enumerate(guard.statements):
            who: list[Line] = [strong("Deny")] if statement.effect != "Allow" else []
            who += [*statement.principals] or [statement.opaque]
            who += [alert(mark) for mark in marks(statement, stack)]
            rows.append(
                [
                    strong(guard.protects) if not place else "",
                    who,
                    [code(action) for action in statement.actions],
                    code(statement.condition) if statement.condition else "",
                ]
            )
    count = counted(len(policies), "policy", "policies")
    found = {mark for guard in policies for mark in _marks_of(assembly, guard)}
    summary = f"Policies on resources: {count}"
    if found:
        summary += f" ⚠ {', '.join(sorted(found))}"
    return Folded(summary, [Table(["resource", "who", "actions", "if"], rows)])


def _marks_of(assembly: Assembly, guard: Guard) -> list[str]:
    return guard_marks(guard, assembly.by_name[guard.resource.stack])


def _users(assembly: Assembly, values: Values) -> dict[tuple[str, str], list[str]]:
    """By each role: the resources that hand it on to a service, the jobs of machines too."""
    found: dict[tuple[str, str], list[str]] = {}
    for resource in assembly.resources.values():
        if resource.type.startswith("AWS::IAM::"):
            continue
        uses = dict.fromkeys((use.key, resource.name) for use in _roles(values, resource))
        if resource.type == MACHINE:
            for task in tasks(values, resource):
                for use in task.uses:
                    if use.type == "AWS::IAM::Role":
                        uses.pop((use.key, resource.name), None)
                        uses[use.key, f"{resource.name} ({task.name})"] = None
            own = values.uses(resource, resource.properties.get("RoleArn"))
            uses.update(dict.fromkeys((role.key, resource.name) for role in own))
        for key, name in uses:
            found.setdefault(key, []).append(name)
    return found


def _roles(values: Values, resource: Resource) -> list[Resource]:
    used = values.uses(resource, dict(resource.properties))
    return [use for use in used if use.type == "AWS::IAM::Role"]
