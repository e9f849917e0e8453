"""What stands in for a container image: which program, which metrics, and who says so."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class MetricDefinition:
    """A metric that the platform reads from the program's log lines: the regex's first group."""

    name: str
    regex: str


@dataclass(frozen=True)
class Engine:
    """A Python module that is run as `python -m <module> train` and `... serve`.

    `repository` is a regular expression that the image's repository name must match in full,
    `by` is what the ledger says about it.
    """

    name: str
    repository: str
    module: str
    by: str
    metric_definitions: tuple[MetricDefinition, ...] = ()

    def command(self, verb: str) -> list[str]:
        """The command line that stands for `docker run <image> <verb>`."""
        return [sys.executable, "-m", self.module, verb]

    def runs(self, repository: str) -> bool:
        """Whether this engine stands in for images of `repository`."""
        return re.fullmatch(self.repository, repository) is not None
