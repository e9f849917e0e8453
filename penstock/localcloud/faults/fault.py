"""A fault: something of a real day that a run can be given."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.localcloud.faults.values import ValueKind


@dataclass(frozen=True)
class Fault:
    """`what` goes wrong here, and where; `on_aws`: what AWS does at that point, with the source."""

    name: str
    value: ValueKind
    what: str
    on_aws: str
