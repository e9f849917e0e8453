"""What AWS needs and no run on this machine exercises: the form of the table's rows."""

from __future__ import annotations

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
    * stands for any beginning. `pipelines` is empty where the row is meant for all of them: an
    action that one pipeline's run exercises and the other's does not names the other.
    """

    actions: tuple[str, ...]
    holders: tuple[str, ...]
    why: str
    source: str
    pipelines: tuple[str, ...] = ()
    policy: str = "Access"

    def covers(self, pipeline: str, piece: Piece) -> bool:
        """Whether the row speaks of an action of a statement."""
        return (
            piece.action in self.actions
            and piece.document.name == self.policy
            and pipeline in (self.pipelines or (pipeline,))
            and any(_fits(holder, piece) for holder in self.holders)
        )

    def empty(self, pieces: Sequence[Piece]) -> list[str]:
        """Actions and holders that no template has."""
        return [
            f"{holder}: {action}"
            for holder in self.holders
            for action in self.actions
            if not any(piece.action == action and _fits(holder, piece) for piece in pieces)
        ]


def name_of(piece: Piece) -> str:
    """The logical id of the carrier, without its hash."""
    return _HASH.sub("", piece.document.logical_id)


def _fits(holder: str, piece: Piece) -> bool:
    name = name_of(piece)
    return name.endswith(holder[1:]) if holder.startswith("*") else name == holder
