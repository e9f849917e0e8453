"""A profile against a baseline: the violations, and how far each feature has drifted.

Source: Model Monitor, "Schema for Violations" (constraint_violations.json). Its check types have
none for a number that must not be negative: `non_negative_check` is ours. The text of the
data_type_check follows a published sample; the other texts are ours.

A feature is drifted if its distance is above the threshold. A column without any value is a matter
of completeness alone: types, domains and drift say nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.monitor.column import STRING, UNKNOWN, ColumnProfile
from penstock.monitor.constraints import Constraints, FeatureConstraints
from penstock.monitor.distances import categorical_distance, numeric_distance
from penstock.monitor.profile import Profile
from penstock.monitor.statistics import KnownFeature, known_features

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Violation:
    """One entry of constraint_violations.json."""

    feature_name: str
    constraint_check_type: str
    description: str


@dataclass(frozen=True)
class Findings:
    """What comparing found; `distances` holds the features that could be compared, by name."""

    violations: tuple[Violation, ...] = ()
    distances: Mapping[str, float] = field(default_factory=dict)


def compare(profile: Profile, statistics: Mapping[str, Any], constraints: Constraints) -> Findings:
    """Check a profile with at least one row.

    Args:
        profile: of the data to check.
        statistics: the baseline's statistics.json.
        constraints: the baseline's constraints.json, read.

    Raises:
        MonitorError: the statistics do not have the published form.
    """
    known = known_features(statistics)
    violations: list[Violation] = []
    distances: dict[str, float] = {}
    for expected in constraints.features:
        column = profile.columns.get(expected.name)
        if column is None:
            if expected.config.evaluate:
                violations.append(_missing_column(expected.name))
            continue
        if expected.config.evaluate:
            violations.extend(_column_violations(column, expected))
        distance = _distance(column, expected, known.get(expected.name))
        if distance is None:
            continue
        distances[expected.name] = distance
        if expected.config.evaluate and distance > _threshold(expected):
            violations.append(_drift(expected, distance))
    if constraints.config.evaluate:
        allowed = {expected.name for expected in constraints.features}
        violations.extend(_extra_column(name) for name in profile.columns if name not in allowed)
    return Findings(tuple(violations), distances)


def _column_violations(column: ColumnProfile, expected: FeatureConstraints) -> Iterator[Violation]:
    name = expected.name
    match = column.matching(expected.inferred_type)
    if expected.inferred_type != UNKNOWN and match < expected.config.type_match - _ROUNDING:
        yield Violation(
            name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: "
            f"{expected.inferred_type}, Expected match: {expected.config.type_match:.1%}. "
            f"Observed: Only {match:.3%} of data is {expected.inferred_type}.",
        )
    if expected.completeness is not None and (
        column.completeness < expected.completeness - _ROUNDING
    ):
        yield Violation(
            name,
            "completeness_check",
            f"Data completeness requirement is not met. Expected completeness: "
            f"{expected.completeness:.3%}. Observed: {column.completeness:.3%}.",
        )
    if expected.is_non_negative and column.moments.count and column.moments.minimum < 0:
        yield Violation(
            name,
            "non_negative_check",
            f"Numbers must not be negative. Observed minimum: {column.moments.minimum:g}.",
        )
    if expected.domains is not None and expected.inferred_type == STRING and column.present:
        counts = column.categories.counts
        if counts is None:
            inside, seen = 0.0, f"{column.categories.distinct} different values, too many to count"
        else:
            inside = sum(counts.get(v, 0) for v in expected.domains) / column.present
            seen = f"{inside:.3%}"
        if inside < expected.config.domain_match - _ROUNDING:
            yield Violation(
                name,
                "categorical_values_check",
                f"Value domain requirement is not met. Expected in the domain: at least "
                f"{expected.config.domain_match:.1%}. Observed: {seen}.",
            )


def _distance(
    column: ColumnProfile, expected: FeatureConstraints, known: KnownFeature | None
) -> float | None:
    config = expected.config
    if known is None or not config.compare:
        return None
    if known.distribution is not None:
        if not column.moments.count or not known.distribution.count:
            return None
        return numeric_distance(known.distribution, column.distribution, config.distance)
    counts = column.categories.counts
    if not known.categories or not counts:
        return None
    return categorical_distance(known.categories, counts, config.distance)


def _threshold(expected: FeatureConstraints) -> float:
    if expected.inferred_type == STRING:
        return expected.config.categorical_threshold
    return expected.config.threshold


def _drift(expected: FeatureConstraints, distance: float) -> Violation:
    return Violation(
        expected.name,
        "baseline_drift_check",
        f"Baseline drift distance: {distance:.6g} ({expected.config.distance}) "
        f"exceeds threshold: {_threshold(expected):g}",
    )


def _missing_column(name: str) -> Violation:
    return Violation(
        name, "missing_column_check", f"Column {name} is in the baseline but not in the data."
    )


def _extra_column(name: str) -> Violation:
    return Violation(
        name, "extra_column_check", f"Column {name} is in the data but not in the baseline."
    )
