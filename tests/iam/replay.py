"""Recorded decisions, decided again: with the policies as deployed, or with a piece taken out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.evaluator import Policies, decide
from penstock.localcloud.authorization.policy import PolicyDocument, Statement
from penstock.localcloud.authorization.request import Principal, Request
from penstock.localcloud.authorization.variables import pattern
from tests.iam.documents import Document

# what the record counts without saying which resource
_OTHERS = "(others)"


@dataclass(frozen=True)
class Piece:
    """One action of one Allow statement of one policy."""

    document: Document
    index: int
    action: str

    @property
    def label(self) -> str:
        """How the output names it."""
        return f"{self.document.label}, statement {self.index + 1}: {self.action}"


@dataclass(frozen=True)
class Recorded:
    """One line of the record."""

    principal: Principal
    action: str
    resource: str
    context: dict[str, tuple[str, ...]]
    verdict: str
    resource_kind: str

    @classmethod
    def read(cls, path: Path) -> list[Recorded]:
        """Every question of roles and services; the deployer's policies are nobody's concern."""
        found = []
        for line in path.read_text(encoding="utf-8").splitlines():
            entry: dict[str, Any] = json.loads(line)
            principal = _principal(entry["principal"])
            if principal is not None and entry["resource"] != _OTHERS:
                found.append(
                    cls(
                        principal=principal,
                        action=entry["action"],
                        resource=entry["resource"],
                        context={key: tuple(v) for key, v in entry["context"].items()},
                        verdict=entry["verdict"],
                        resource_kind=entry["resource_kind"],
                    )
                )
        return found

    @cached_property
    def request(self) -> Request:
        """The question."""
        return Request(self.principal, self.action, self.resource, self.context)

    @property
    def holder(self) -> str:
        """The ARN of the resource whose policy counts: of an object, its bucket's."""
        if self.resource_kind == "bucket":
            return self.resource.partition("/")[0]
        if self.resource_kind == "function":
            return ":".join(self.resource.split(":")[:7])  # without version and alias
        return self.resource

    @property
    def label(self) -> str:
        """How the output names it."""
        return f"{self.principal.label} {self.action} on {self.resource}"


class Replay:
    """A run's record and the policies that it was decided by."""

    def __init__(self, documents: Iterable[Document], recorded: Iterable[Recorded]) -> None:
        self.documents = list(documents)
        self._by_holder: dict[tuple[str, str], list[Document]] = defaultdict(list)
        for document in self.documents:
            self._by_holder[document.kind, document.arn].append(document)
        # the roles of the bootstrap stack are no part of the app
        self.recorded = [one for one in recorded if self._concerns(one)]
        self._parsed: dict[int, tuple[Statement, ...]] = {
            id(document): _parse(document, document.statements) for document in self.documents
        }

    def pieces(self) -> Iterator[Piece]:
        """Every action of every Allow statement."""
        for document in self.documents:
            for index, statement in enumerate(document.statements):
                if statement["Effect"] == "Allow":
                    for action in _actions(statement):
                        yield Piece(document, index, action)

    def decide(self, recorded: Recorded) -> Decision:
        """With all policies as deployed."""
        return self._decide(recorded, self._parsed)

    def rests_on(self, recorded: Recorded) -> set[Piece]:
        """The actions of the statements that allow what was allowed."""
        decision = self.decide(recorded)
        return {
            Piece(document, statement.origin.index, action)
            for statement in (decision.statement, decision.through)
            if statement is not None
            for document in [self._by_label[statement.origin.policy]]
            for action in _actions(document.statements[statement.origin.index])
            if pattern(action.lower()).fullmatch(recorded.action.lower())
        }

    def denied_without(self, piece: Piece) -> list[Recorded]:
        """What of the record would not be allowed without one action of one statement."""
        document = piece.document
        return self._denied(document, _without_action(document, piece), piece.index)

    def denied_without_statement(self, document: Document, index: int) -> list[Recorded]:
        """The same without the whole statement."""
        left = [written for place, written in enumerate(document.statements) if place != index]
        return self._denied(document, left, index)

    def _concerns(self, recorded: Recorded) -> bool:
        if recorded.principal.kind == "role":
            return ("identity", recorded.principal.role_arn) in self._by_holder
        return (recorded.resource_kind, recorded.holder) in self._by_holder

    @cached_property
    def _by_label(self) -> dict[str, Document]:
        return {document.label: document for document in self.documents}

    def _denied(
        self, document: Document, written: list[dict[str, Any]], index: int
    ) -> list[Recorded]:
        removed = self._parsed[id(document)][index]
        changed = {**self._parsed, id(document): _parse(document, written)}
        return [
            recorded
            for recorded in self._asked_of(document)
            if removed.covers_action(recorded.request)
            and not self._decide(recorded, changed).allowed
        ]

    def _asked_of(self, document: Document) -> list[Recorded]:
        """Allowed questions that the document has a say in."""
        return self._allowed.get((document.kind, document.arn), [])

    @cached_property
    def _allowed(self) -> dict[tuple[str, str], list[Recorded]]:
        found: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
        for recorded in self.recorded:
            if recorded.verdict == "allowed":
                found["identity", recorded.principal.role_arn].append(recorded)
                found[recorded.resource_kind, recorded.holder].append(recorded)
        return found

    def _decide(self, recorded: Recorded, parsed: dict[int, tuple[Statement, ...]]) -> Decision:
        identity = self._by_holder.get(("identity", recorded.principal.role_arn), [])
        own = self._by_holder.get((recorded.resource_kind, recorded.holder), [])
        return decide(
            recorded.request,
            Policies(
                identity=tuple(found for document in identity for found in parsed[id(document)]),
                resource=parsed[id(own[0])] if own else None,
                resource_kind=recorded.resource_kind,
            ),
        )


def _principal(written: str) -> Principal | None:
    if ":role/" in written:
        return Principal.session(written, "replayed")
    return Principal.service(written) if written.endswith(".amazonaws.com") else None


def _parse(document: Document, written: list[dict[str, Any]]) -> tuple[Statement, ...]:
    return PolicyDocument.parse({**document.document, "Statement": written}, document.label)


def _actions(statement: dict[str, Any]) -> list[str]:
    assert "Action" in statement, f"{statement}: an Allow with NotAction is wider than it looks"
    written = statement["Action"]
    return [written] if isinstance(written, str) else list(written)


def _without_action(document: Document, piece: Piece) -> list[dict[str, Any]]:
    left = []
    for index, statement in enumerate(document.statements):
        if index != piece.index:
            left.append(statement)
        elif actions := [action for action in _actions(statement) if action != piece.action]:
            left.append({**statement, "Action": actions})
    return left
