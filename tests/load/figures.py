"""Figures of a load: told as a line of JSON, whatever pytest does with output."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest


def latencies_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Of sorted seconds: the middle, the slowest of 20, of 100, and of all."""
    cuts = statistics.quantiles(seconds, n=100)
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": seconds[-1]}
    return {name: round(value * 1000, 1) for name, value in named.items()}


def memory_mb() -> float:
    """What this process holds now, in MB: the local cloud's share of it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def tell(capsys: pytest.CaptureFixture[str], figures: dict[str, Any]) -> None:
    """Print them."""
    with capsys.disabled():
        sys.stdout.write("\n" + json.dumps(figures) + "\n")
