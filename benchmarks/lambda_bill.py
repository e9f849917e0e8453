"""What invocations cost: GB-seconds of the durations that Lambda bills."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BILLED = re.compile(r"^REPORT .*\tBilled Duration: (\d+) ms", re.MULTILINE)
_MILLION = 1_000_000


def billed_ms(log_text: str) -> int:
    """An invocation's billed milliseconds, from its REPORT line. ValueError without one."""
    found = _BILLED.search(log_text)
    if found is None:
        raise ValueError(f"no REPORT line with a billed duration: {log_text[-200:]!r}")
    return int(found.group(1))


@dataclass(frozen=True)
class Bill:
    """The billed milliseconds of the invocations that worked on `records`."""

    records: int
    memory_mb: int
    invocations_ms: Sequence[int]

    @property
    def gb_seconds(self) -> float:
        """GB-seconds per million records: billed seconds x configured memory in GB.

        AWS Lambda pricing: each duration is rounded up to a millisecond, a GB is 1024 MB.
        """
        seconds = sum(self.invocations_ms) / 1000
        return seconds * self.memory_mb / 1024 * _MILLION / self.records

    @property
    def invocations(self) -> float:
        """Invocations per million records."""
        return len(self.invocations_ms) * _MILLION / self.records
