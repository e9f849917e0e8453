"""What the monitor left in the run's folder: its baseline and the checks against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from penstock.cli.html_report.parts import Part, document, part, parts
from penstock.html.wording import is_number

DRIFT = "baseline_drift_check"


@dataclass(frozen=True)
class Check:
    """One batch that was compared; numbers are None where the report has none."""

    rows: int | None
    violation_count: int | None
    statistics: Part
    distances: dict[str, float]
    violations: list[Part]

    @classmethod
    def read(cls, batch: Part, folder: Path) -> Check:
        """Of one of the report's batches."""
        place = batch.get("report")
        found = parts(document(folder, place, "constraint_violations.json"), "violations")
        distances = part(document(folder, place, "run.json"), "distances")
        return cls(
            batch.get("rows"),
            batch.get("violations"),
            document(folder, place, "statistics.json"),
            {name: value for name, value in distances.items() if is_number(value)},
            found,
        )

    @property
    def drifted(self) -> set[str]:
        """Names of the features whose distance is a violation."""
        return {
            str(violation.get("feature_name"))
            for violation in self.violations
            if violation.get("constraint_check_type") == DRIFT
        }


@dataclass(frozen=True)
class Watched:
    """All that the monitor saw."""

    baseline: Part
    constraints: Part
    reference: Check
    drifted: Check

    @classmethod
    def read(cls, report: Part, folder: Path) -> Watched:
        """From the report and the files that it names below the run's folder."""
        monitor = part(report, "monitor")
        return cls(
            document(folder, monitor.get("baseline"), "statistics.json"),
            document(folder, monitor.get("baseline"), "constraints.json"),
            Check.read(part(monitor, "reference_batch"), folder),
            Check.read(part(monitor, "drifted_batch"), folder),
        )

    @property
    def latest(self) -> Check:
        """The check to show in detail: the drifted batch's, or the only one there is."""
        return self.drifted if self.drifted.distances else self.reference

    def threshold(self, feature: str) -> float | None:
        """The distance above which a feature has drifted."""
        own = next(
            (
                entry
                for entry in parts(self.constraints, "features")
                if entry.get("name") == feature
            ),
            {},
        )
        for config in (
            part(own, "monitoringConfigOverrides"),
            part(self.constraints, "monitoring_config"),
        ):
            found = part(config, "distribution_constraints").get("comparison_threshold")
            if is_number(found):
                return float(found)
        return None

    @property
    def method(self) -> str | None:
        """Robust or Simple, if the constraints say so."""
        config = part(self.constraints, "monitoring_config")
        method = part(config, "distribution_constraints").get("comparison_method")
        return str(method) if method else None


def features(statistics: Part) -> dict[str, Part]:
    """Statistics by feature name."""
    return {str(entry.get("name")): entry for entry in parts(statistics, "features")}
