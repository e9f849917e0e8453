"""Final metrics: the last value of each metric that the job's log lines held."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable


class MetricReader:
    """Applies metric definitions to log lines (botocore 1.44.5 sagemaker model, MetricDefinition).

    ValueError for a definition whose regular expression has no group.
    """

    def __init__(self, definitions: Iterable[tuple[str, str]]) -> None:
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for name, regex in definitions:
            try:
                pattern = re.compile(regex)
            except re.error as error:
                raise ValueError(
                    f"metric {name}: {regex!r} is no regular expression: {error}"
                ) from None
            if not pattern.groups:
                raise ValueError(f"metric {name}: {regex!r} has no group that holds the value")
            self._patterns.append((name, pattern))
        self.values: dict[str, float] = {}

    def read(self, line: str) -> None:
        """Take a log line's values."""
        for name, pattern in self._patterns:
            match = pattern.search(line)
            if match is None:
                continue
            try:
                value = float(match.group(1))
            except (TypeError, ValueError):
                continue  # the group holds something else than a number: not this metric
            if math.isfinite(value):
                self.values[name] = value
