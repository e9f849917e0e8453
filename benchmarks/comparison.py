"""Times a subject against its baseline, pair by pair, and says how they compare."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Side = Callable[[], float]


@dataclass(frozen=True)
class Comparison:
    """What was measured. `pairs` are (subject's seconds, baseline's seconds) for the same work."""

    name: str
    what: str
    baseline: str
    pairs: tuple[tuple[float, float], ...]
    details: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The comparison as a JSON object; every ratio comes from one pair, not from medians.

        Where the details have a goal, `at_least`, they say whether the median ratio holds it.
        """
        ratios = [baseline / subject for subject, baseline in self.pairs]
        median = statistics.median(ratios)
        goal = self.details.get("at_least")
        return {
            "name": self.name,
            "what": self.what,
            "baseline": self.baseline,
            "ratio": {
                "median": _rounded(median),
                "min": _rounded(min(ratios)),
                "max": _rounded(max(ratios)),
            },
            "runs": len(self.pairs),
            "details": {
                **self.details,
                **({} if goal is None else {"holds": median >= goal}),
                "median_seconds": _rounded(statistics.median(pair[0] for pair in self.pairs)),
                "baseline_median_seconds": _rounded(
                    statistics.median(pair[1] for pair in self.pairs)
                ),
            },
        }

    def print(self) -> None:
        """One line of JSON on standard output."""
        sys.stdout.write(json.dumps(self.document()) + "\n")
        sys.stdout.flush()


def compare(
    name: str,
    *,
    what: str,
    baseline: str,
    subject: Side,
    against: Side,
    runs: int,
    details: Mapping[str, Any],
) -> Comparison:
    """Measure `runs` pairs after one that does not count.

    `subject` and `against` do the same work and return the seconds that it took. Who goes first
    changes from pair to pair, so that neither always finds the caches warm.
    """
    pairs = []
    for number in range(runs + 1):
        if number % 2:
            measured = (subject(), against())
        else:
            other = against()
            measured = (subject(), other)
        say(f"{name}: {'warm-up' if number == 0 else f'{number} of {runs}'}")
        pairs.append(measured)
    return Comparison(name, what, baseline, tuple(pairs[1:]), details)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def say(text: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(text + "\n")


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
