"""What AWS needs and no run on this machine exercises: the form of the table's rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.iam.replay import Piece

# CDK ends a logical id with eight digits of a hash
_HASH = re.compile(r"[0-9A-F]{8}$")


@dataclass(frozen=True)
class Row:
    """Actions that the policies of some holders must allow, why, and who says so.

    `holders` are roles and other carriers of policies, by logical id without its hash; a leading
    * stands for any beginning, LAYER/ for one layer's alone. `runs` is empty where the row is
    meant for all of them: an action that one run exercises and another does not names the other.
    `on` is in the statement's resources or conditions, `sid` its Sid, where others allow the same
    action. `by_the_clock` says that it hangs on when things happen whether a run uses it.
    """

    actions: tuple[str, ...]
    holders: tuple[str, ...]
    why: str
    source: str
    runs: tuple[str, ...] = ()
    policy: str = "Access"
    on: str = ""
    sid: str = ""
    by_the_clock: bool = False

    def covers(self, run: str, piece: Piece) -> bool:
        """Whether the row speaks of an action of a statement."""
        return run in (self.runs or (run,)) and any(
            self._names(holder, action, piece) for holder in self.holders for action in self.actions
        )

    def empty(self, pieces: Sequence[Piece]) -> list[str]:
        """Actions and holders that no template has."""
        return [
            f"{holder}: {action}"
            for holder in self.holders
            for action in self.actions
            if not any(self._names(holder, action, piece) for piece in pieces)
        ]

    def _names(self, holder: str, action: str, piece: Piece) -> bool:
        statement = piece.document.statements[piece.index]
        return (
            piece.action == action
            and piece.document.name == self.policy
            and _fits(holder, piece)
            and self.on in json.dumps([statement.get("Resource"), statement.get("Condition")])
            and self.sid in ("", statement.get("Sid"))
        )


def _fits(holder: str, piece: Piece) -> bool:
    name = _HASH.sub("", piece.document.logical_id)
    if holder.startswith("*"):
        return name.endswith(holder[1:])
    layer = piece.document.stack.rsplit("-", 1)[-1]
    return holder in (name, f"{layer}/{name}")
