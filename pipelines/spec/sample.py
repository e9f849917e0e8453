"""What a pipeline runs with when it is given no data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """Records as producers send them, in the order in which they are sent.

    `source` says in one line what they really are; if they stand in for others that were not to
    be had, that too.
    """

    source: str
    records: Iterable[dict[str, Any]]
