"""The verdict on one request, and the one line that explains it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penstock.localcloud.authorization.policy import Statement
from penstock.localcloud.authorization.request import Request

Kind = Literal["allowed", "explicit deny", "implicit deny", "not understood"]


@dataclass(frozen=True)
class Remedy:
    """The narrowest statement that would allow a request, and the policy to put it into."""

    policy: str
    statement: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Decision:
    """Whether a request is allowed, and by which statement.

    `statement` is the one that allows or denies, None where none does; `through` the statement of
    a key's or trust policy that leaves the decision to the account's policies; `remedy` is None
    unless the request is denied for want of a statement. `says` is what the caller is told, where
    the service has words of its own.
    """

    allowed: bool
    reason: str
    statement: Statement | None
    kind: Kind
    request: Request
    resource_kind: str = ""
    through: Statement | None = None
    remedy: Remedy | None = None
    says: str = ""

    def line(self) -> str:
        """Who may or may not do what on which resource, why, and what would allow it."""
        request = self.request
        may = "may" if self.allowed else "may not"
        line = f"{request.principal.label} {may} {request.action} on {request.resource}: "
        line += self.reason
        if self.remedy is not None:
            return (
                f"{line}; in the {self.remedy.policy} this statement would allow it: "
                f"{json.dumps(self.remedy.statement)}"
            )
        if self.statement is not None and not self.allowed:
            return f"{line}: {json.dumps(self.statement.document)}"
        return line
