"""A rule, and a breach of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from penstock.rules.templates import Resource, Templates


@dataclass(frozen=True)
class Breach:
    """One place that does not keep to a rule.

    `path` is the property in the resource, with dots; `what` says what is wrong there. `part`
    names what an acknowledgement can be narrowed to, such as a state of a state machine.
    """

    resource: Resource
    path: str
    what: str
    remedy: str
    part: str | None = None


@dataclass(frozen=True)
class Rule:
    """`name` is what an acknowledgement says, `reason` why it is a rule, `source` where it is."""

    name: str
    reason: str
    source: str
    check: Callable[[Templates], Iterator[Breach]]

    def name_for(self, breach: Breach) -> str:
        """The name under which a breach is found: 'NetworkIsolation[Train]'."""
        return self.name if breach.part is None else f"{self.name}[{breach.part}]"

    def description_of(self, breach: Breach) -> str:
        """One line: where, what, why, source."""
        path = breach.path.removeprefix("Properties.")
        return f"{path}: {breach.what}; {self.reason} ({self.source})"
