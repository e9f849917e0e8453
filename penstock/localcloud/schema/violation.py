"""One thing in a template that CloudFormation would refuse."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.localcloud.schema.values import Step


@dataclass(frozen=True)
class Violation:
    """Where, by which rule (cfn-lint's number for it), and what is allowed there."""

    path: tuple[Step, ...]
    rule: str
    said: str

    def line(self, stack: str, logical_id: str) -> str:
        """The one line that names stack, resource, property, rule and what is allowed."""
        return f"{stack}/{logical_id}{_written(self.path)}: {self.said} ({self.rule})"


def _written(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
