"""Whether permissions were widened or narrowed, statement by statement.

Conservative: what cannot be compared counts as widened. Patterns are compared as patterns; that a
condition is narrower than another is never guessed, only none is wider than any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from penstock.review.assembly import Assembly
from penstock.review.policies import Statement, guards, holders
from penstock.review.values import Values

Direction = Literal["widened", "narrowed"]


@dataclass(frozen=True)
class Shift:
    """A statement, or the part of one, that was added or went away."""

    direction: Direction
    holder: str
    what: str  # may do, may be taken on by, may be used by, ...
    statement: Statement


@dataclass(frozen=True)
class _Atom:
    """One action on one resource by one principal: the smallest thing that is allowed."""

    effect: str
    principal: str
    action: str
    resource: str
    condition: str
    opaque: str

    def covers(self, other: _Atom) -> bool:
        """Whether it lets everything through (or denies everything) that the other one does."""
        if self.opaque or other.opaque:
            return self == other
        return (
            self.effect == other.effect
            and self.condition in ("", other.condition)
            and self._is_meant_by(other)
            and _covers(self.action.lower(), other.action.lower())
            and _covers(self.resource, other.resource)
        )

    def _is_meant_by(self, other: _Atom) -> bool:
        """Whether the other's principal is this one: a * is everybody but the services of AWS."""
        if self.principal == "*":
            return not other.principal.startswith("Service: ")
        return self.principal == other.principal


def shifts(before: Assembly, after: Assembly) -> list[Shift]:
    """Every shift, widened ones first, in the order of the assemblies."""
    old, new = _policies(before), _policies(after)
    found: list[Shift] = []
    for name, what in dict.fromkeys([*new, *old]):
        _, was = old.get((name, what), ("", []))
        shown, now = new.get((name, what), ("", []))
        shown = shown or old[name, what][0]
        for direction, statement in _compare(was, now):
            found.append(Shift(direction, shown, what, statement))
    readable = _readable(before) | _readable(after)
    found = [_with_names(shift, readable) for shift in found]
    return sorted(found, key=lambda shift: shift.direction != "widened")


def _compare(was: list[Statement], now: list[Statement]) -> Iterator[tuple[Direction, Statement]]:
    old = [atom for statement in was for atom in _atoms(statement)]
    new = [atom for statement in now for atom in _atoms(statement)]
    for statement in now:
        fresh = _uncovered(statement, old)
        if fresh:
            yield (
                ("widened" if statement.effect == "Allow" else "narrowed"),
                _only(statement, fresh),
            )
    for statement in was:
        gone = _uncovered(statement, new)
        if gone:
            yield ("narrowed" if statement.effect == "Allow" else "widened"), _only(statement, gone)


def _uncovered(statement: Statement, others: list[_Atom]) -> list[_Atom]:
    return [atom for atom in _atoms(statement) if not any(other.covers(atom) for other in others)]


def _only(statement: Statement, atoms: list[_Atom]) -> Statement:
    """The statement with what the atoms have of it."""
    if statement.opaque:
        return statement

    def kept(names: tuple[str, ...], used: set[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in used)

    return Statement(
        statement.effect,
        kept(statement.principals, {atom.principal for atom in atoms}),
        kept(statement.actions, {atom.action for atom in atoms}),
        kept(statement.resources, {atom.resource for atom in atoms}),
        statement.condition,
    )


def _atoms(statement: Statement) -> Iterator[_Atom]:
    if statement.opaque:
        yield _Atom(statement.effect, "", "", "", statement.condition, statement.opaque)
        return
    for principal in statement.principals or ("",):
        for action in statement.actions or ("",):
            for resource in statement.resources or ("",):
                yield _Atom(statement.effect, principal, action, resource, statement.condition, "")


def _covers(pattern: str, text: str) -> bool:
    """Whether every text that `text` stands for is one that `pattern` stands for."""
    return _regex(pattern).fullmatch(text) is not None


def _regex(pattern: str) -> re.Pattern[str]:
    # a ? stands for one sign, which a * of the other pattern is not
    signs = {"*": ".*", "?": r"[^*]"}
    return re.compile("".join(signs.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


_Policies = dict[tuple[str, str], tuple[str, list[Statement]]]


def _policies(assembly: Assembly) -> _Policies:
    """By holder (in words that two assemblies share) and kind: the name, and the statements."""
    values = Values(assembly, stable=True)
    found: _Policies = {}
    for holder in holders(assembly, values):
        name = holder.resource.name
        key = f"{holder.resource.stack}.{holder.resource.logical_id}"
        found[key, "may do"] = (name, holder.statements)
        found[key, "may be taken on by"] = (name, holder.trust)
        found[key, "has the policy"] = (
            name,
            [Statement("Allow", (), (arn,), (), "") for arn in holder.managed],
        )
        found[key, "is bounded by"] = (
            name,
            [Statement("Deny", (), (f"all but {holder.boundary}",), (), "")]
            if holder.boundary
            else [],
        )
    for guard in guards(assembly, values):
        key = f"{guard.resource.stack}.{guard.resource.logical_id}"
        found[key, "may be used by"] = (guard.resource.name, list(guard.statements))
    return found


def _readable(assembly: Assembly) -> dict[str, str]:
    """Names for people by what `Values(stable=True)` writes before the attribute."""
    return {
        f"<{resource.stack}.{resource.logical_id}.": resource.name
        for resource in assembly.resources.values()
    }


def _with_names(shift: Shift, readable: dict[str, str]) -> Shift:
    def named(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(_named(text, readable) for text in texts)

    statement = shift.statement
    return Shift(
        shift.direction,
        shift.holder,
        shift.what,
        Statement(
            statement.effect,
            named(statement.principals),
            named(statement.actions),
            named(statement.resources),
            _named(statement.condition, readable),
            _named(statement.opaque, readable),
        ),
    )


_STABLE = re.compile(r"(<[^<>.]+\.[^<>.]+\.)([^<>]*)>")


def _named(text: str, readable: dict[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        name = readable.get(match[1])
        if name is None:
            return match[0]
        return name if match[2] in ("", "Arn") else f"{name}.{match[2]}"

    return _STABLE.sub(replace, text)
