"""What was decided, counted by question and verdict, so that any number of calls stays bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.policy import Statement

# of one principal and action: S3 keys and the like have no end
_LONGEST_LIST = 500
_OTHERS = "(others)"

Context = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class _Question:
    principal: str
    action: str
    resource: str
    context: Context
    verdict: str
    statement: str
    resource_kind: str


@dataclass
class _Answer:
    count: int
    line: str


class DecisionRecord:
    """Counts by principal, action, resource, the context that mattered, verdict and statement.

    A principal's resources beyond the first 500 of an action and verdict are counted as
    "(others)", without their context.

    Args:
        told: called with the line of a denial, the first time.
    """

    def __init__(self, told: Callable[[str], None] | None = None) -> None:
        self._answers: dict[_Question, _Answer] = {}
        self._kinds: dict[tuple[str, str, str], int] = {}
        self._administrator = 0
        self._lock = threading.Lock()
        self.told = told

    def add(self, decision: Decision, context: Context) -> None:
        """Count a decision; `context` holds the keys that the policies look at."""
        request = decision.request
        who = request.principal.role_arn or request.principal.arn
        question = _Question(
            who,
            request.action,
            request.resource,
            context,
            decision.kind,
            "" if decision.statement is None else _place(decision.statement),
            decision.resource_kind,
        )
        with self._lock:
            known = self._answers.get(question)
            if known is None:
                known = self._begin(question, decision)
                new = known.count == 0
            else:
                new = False
            known.count += 1
        if new and not decision.allowed and self.told is not None:
            self.told(decision.line())

    def administrator_called(self) -> None:
        """The deployer did something that no resource policy was asked about."""
        with self._lock:
            self._administrator += 1

    def entries(self) -> list[dict[str, Any]]:
        """Every question with its answer and how often it was asked."""
        with self._lock:
            answers = list(self._answers.items())
        return [
            {
                "principal": question.principal,
                "action": question.action,
                "resource": question.resource,
                "context": {key: list(values) for key, values in question.context},
                "verdict": question.verdict,
                "statement": question.statement,
                "resource_kind": question.resource_kind,
                "count": answer.count,
                **({"line": answer.line} if answer.line else {}),
            }
            for question, answer in answers
        ]

    def denied_lines(self) -> list[str]:
        """One line for each denial, in the order of their first time."""
        return list(dict.fromkeys(entry["line"] for entry in self.entries() if "line" in entry))

    def summary(self) -> dict[str, Any]:
        """How many decisions there were, and the lines of those that denied."""
        entries = self.entries()
        with self._lock:
            administrator = self._administrator
        allowed = sum(entry["count"] for entry in entries if entry["verdict"] == "allowed")
        return {
            "allowed": allowed,
            "denied": sum(entry["count"] for entry in entries) - allowed,
            "by_the_deployer": administrator,
            "different": len(entries),
            "denied_lines": self.denied_lines(),
        }

    def write(self, path: Path) -> None:
        """As JSON lines."""
        lines = (json.dumps(entry, sort_keys=True) + "\n" for entry in self.entries())
        path.write_text("".join(lines), encoding="utf-8")

    def _begin(self, question: _Question, decision: Decision) -> _Answer:
        kind = (question.principal, question.action, question.verdict)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if self._kinds[kind] > _LONGEST_LIST:
            question = _Question(
                question.principal,
                question.action,
                _OTHERS,
                (),
                question.verdict,
                question.statement,
                question.resource_kind,
            )
        return self._answers.setdefault(
            question, _Answer(0, "" if decision.allowed else decision.line())
        )


def _place(statement: Statement) -> str:
    return f"{statement.origin.policy}#{statement.origin.index}"
