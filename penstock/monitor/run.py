"""A baseline and a run against it: documents in, documents out.

Exit statuses are Model Monitor's: Completed, or CompletedWithViolations. Data without a single row
is Completed too, with nothing compared and a message that says so: an hour without traffic is no
violation, and the caller can tell it by `item_count` 0. (The managed job's own outcome for an empty
window is unconfirmed.)

File names: `constraint_violations.json`, the name of the violations page and of the SageMaker SDK;
the table of outputs in the developer guide spells it constraints_violations.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from penstock.monitor.comparison import Findings, compare
from penstock.monitor.constraints import (
    DEFAULT_THRESHOLD,
    Constraints,
    MonitoringConfig,
    suggest_constraints,
)
from penstock.monitor.distances import Distance
from penstock.monitor.errors import MonitorError
from penstock.monitor.metrics import Metric, metrics
from penstock.monitor.profile import Profile
from penstock.monitor.readers.dataset import Reader
from penstock.monitor.readers.reading import Reading
from penstock.monitor.statistics import statistics
from penstock.monitor.window import Window, utc_text

STATISTICS = "statistics.json"
CONSTRAINTS = "constraints.json"
VIOLATIONS = "constraint_violations.json"
RUN = "run.json"  # ours: exit status, message, metrics, distances
COMPLETED = "Completed"
COMPLETED_WITH_VIOLATIONS = "CompletedWithViolations"


@dataclass(frozen=True)
class Baseline:
    """The two documents that a run is compared with."""

    statistics: Mapping[str, Any]
    constraints: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        profile: Profile,
        *,
        distance: Distance = Distance.ROBUST,
        threshold: float = DEFAULT_THRESHOLD,
    ) -> Baseline:
        """Of a profile, to be compared with by a distance above a threshold.

        Raises:
            MonitorError: the profile has no row, or the threshold is not 0 to 1.
        """
        if not profile.item_count:
            raise MonitorError("the data holds no row: a baseline needs some")
        constraints = suggest_constraints(profile, distance=distance, threshold=threshold)
        Constraints.read(constraints)  # nobody is to find out later that it cannot be read
        return cls(statistics(profile), constraints)

    @property
    def feature_names(self) -> list[str]:
        """In the baseline's order; CSV bodies in capture files are named by it."""
        return [feature["name"] for feature in self.constraints.get("features", [])]

    def files(self) -> dict[str, bytes]:
        """File name -> content."""
        return {
            STATISTICS: to_json(self.statistics, indent=None),
            CONSTRAINTS: to_json(self.constraints),
        }


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    profile: Profile
    findings: Findings
    metrics: tuple[Metric, ...]
    messages: tuple[str, ...]

    @property
    def exit_status(self) -> str:
        """Completed or CompletedWithViolations."""
        return COMPLETED_WITH_VIOLATIONS if self.findings.violations else COMPLETED

    def files(self) -> dict[str, bytes]:
        """File name -> content; the constraints are those that the new data would suggest."""
        violations = [asdict(violation) for violation in self.findings.violations]
        return {
            STATISTICS: to_json(statistics(self.profile), indent=None),
            CONSTRAINTS: to_json(suggest_constraints(self.profile)),
            VIOLATIONS: to_json({"violations": violations}),
            RUN: to_json(
                {
                    "exit_status": self.exit_status,
                    "item_count": self.profile.item_count,
                    "messages": list(self.messages),
                    "distances": dict(self.findings.distances),
                    "metrics": [asdict(metric) for metric in self.metrics],
                }
            ),
        }


def read_profile(data: str, reader: Reader) -> tuple[Profile, Reading]:
    """The profile of a file, a folder or an s3:// prefix, in bounded memory.

    Raises:
        MonitorError: no such path, or not in its format.
    """
    reading = Reading()
    return Profile.of(reader.batches(data, reading)), reading


def check(
    profile: Profile,
    baseline: Baseline,
    *,
    reading: Reading | None = None,
    window: Window | None = None,
    distance: Distance | None = None,
    threshold: float | None = None,
) -> Outcome:
    """Compare a profile with a baseline.

    Args:
        profile: of the new data; it may have no row.
        baseline: its documents.
        reading: what reading met, for the messages.
        window: of time that was read, for the messages.
        distance: instead of the constraints' comparison_method, for all features.
        threshold: instead of all their comparison thresholds.

    Raises:
        MonitorError: the documents do not have the published form.
    """
    constraints = Constraints.read(baseline.constraints)
    constraints = Constraints(
        tuple(
            replace(feature, config=_overridden(feature.config, distance, threshold))
            for feature in constraints.features
        ),
        constraints.config,
    )
    messages = reading.lines(window) if reading else []
    if profile.item_count:
        findings = compare(profile, baseline.statistics, constraints)
    else:
        findings = Findings()
        messages.insert(0, _nothing(reading, window))
    emitted = metrics(profile, findings.distances) if constraints.config.emit_metrics else []
    return Outcome(profile, findings, tuple(emitted), tuple(messages))


def to_json(document: Mapping[str, Any], *, indent: int | None = 1) -> bytes:
    """As every file here is written; statistics.json without indents, for its sketches are long."""
    return json.dumps(document, indent=indent, allow_nan=False).encode() + b"\n"


def _nothing(reading: Reading | None, window: Window | None) -> str:
    objects = f" in {reading.objects} objects" if reading else ""
    hours = f" from {utc_text(window.start)} to {utc_text(window.end)}" if window else ""
    return f"no data: not one row{objects}{hours}, nothing was compared"


def _overridden(
    config: MonitoringConfig, distance: Distance | None, threshold: float | None
) -> MonitoringConfig:
    if distance is not None:
        config = replace(config, distance=distance)
    if threshold is not None:
        config = replace(config, threshold=threshold, categorical_threshold=threshold)
    return config
