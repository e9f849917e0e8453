"""constraints.json: what a baseline suggests, and reading one, ours or Model Monitor's.

Source: Model Monitor, "Schema for Constraints". Where it leaves room:

- Thresholds for types and domains. The page's default is 0.1, a share that may differ; published
  samples hold 1.0 and say "Expected match: 100.0%". Both are read: up to 0.5 a threshold is the
  share that may differ, above it is the share that must match. Written is the page's 0.1.
- The comparison method: see distances.py; written is Robust.
- `categorical_comparison_threshold` falls back to `comparison_threshold`, as the page says.
- `categorical_drift_method`: only LInfinity, the default. ChiSquared's decision rule is not
  published, so it is refused instead of guessed.
- Overrides of one feature are `monitoringConfigOverrides` on the page, and
  `monitoring_config_overrides` where the SageMaker SDK (2.257.7 and 3.27.0, set_monitoring) writes
  them. Both are read, the page's wins.
- `domains` are suggested for texts with up to 120 different values that each occur ten times on
  average (ours; the image's rule is not published).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.monitor.column import FRACTIONAL, INTEGRAL, STRING, UNKNOWN, ColumnProfile
from penstock.monitor.distances import Distance
from penstock.monitor.errors import MonitorError
from penstock.monitor.profile import Profile

VERSION = 0
ROWS_PER_DOMAIN_VALUE = 10
DEFAULT_THRESHOLD = 0.1
_ENABLED = "Enabled"
_LARGEST_TOLERANCE = 0.5


def suggest_constraints(
    profile: Profile,
    *,
    distance: Distance = Distance.ROBUST,
    threshold: float = DEFAULT_THRESHOLD,
) -> dict[str, Any]:
    """The document that a baseline's profile suggests; `distance` and `threshold` are for all."""
    return {
        "version": VERSION,
        "features": [_suggested(name, column) for name, column in profile.columns.items()],
        "monitoring_config": {
            "evaluate_constraints": _ENABLED,
            "emit_metrics": _ENABLED,
            "datatype_check_threshold": DEFAULT_THRESHOLD,
            "domain_content_threshold": DEFAULT_THRESHOLD,
            "distribution_constraints": {
                "perform_comparison": _ENABLED,
                "comparison_threshold": threshold,
                "comparison_method": distance.value,
                "categorical_comparison_threshold": threshold,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def _suggested(name: str, column: ColumnProfile) -> dict[str, Any]:
    kind = column.inferred_type
    feature: dict[str, Any] = {
        "name": name,
        "inferred_type": kind,
        "completeness": column.completeness,
    }
    if kind in (INTEGRAL, FRACTIONAL):
        feature["num_constraints"] = {"is_non_negative": column.moments.minimum >= 0}
    counts = column.categories.counts
    if kind == STRING and counts and column.present >= ROWS_PER_DOMAIN_VALUE * len(counts):
        feature["string_constraints"] = {"domains": sorted(counts)}
    return feature


@dataclass(frozen=True)
class MonitoringConfig:
    """`monitoring_config`, for one feature: its own overrides are in it already."""

    evaluate: bool
    emit_metrics: bool
    type_match: float  # the share of values that must be of the expected type
    domain_match: float  # the share of values that must be in the domain
    compare: bool
    threshold: float
    categorical_threshold: float
    distance: Distance

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> MonitoringConfig:
        """From `monitoring_config`; what is not there has the published default.

        Raises:
            MonitorError: a value that is unknown or outside its range.
        """
        comparing = document.get("distribution_constraints", {})
        method = comparing.get("categorical_drift_method", "LInfinity")
        if method != "LInfinity":
            raise MonitorError(
                f"categorical_drift_method {method!r} is not supported: its decision rule is not "
                "published (Model Monitor, schema for constraints); use LInfinity"
            )
        threshold = _share(comparing, "comparison_threshold", DEFAULT_THRESHOLD)
        return cls(
            evaluate=_enabled(document, "evaluate_constraints"),
            emit_metrics=_enabled(document, "emit_metrics"),
            type_match=_match(document, "datatype_check_threshold"),
            domain_match=_match(document, "domain_content_threshold"),
            compare=_enabled(comparing, "perform_comparison"),
            threshold=threshold,
            categorical_threshold=_share(comparing, "categorical_comparison_threshold", threshold),
            distance=Distance.read(comparing.get("comparison_method", Distance.ROBUST)),
        )


@dataclass(frozen=True)
class FeatureConstraints:
    """What one feature must keep."""

    name: str
    inferred_type: str
    completeness: float | None
    is_non_negative: bool
    domains: frozenset[str] | None
    config: MonitoringConfig


@dataclass(frozen=True)
class Constraints:
    """A constraints.json, read."""

    features: tuple[FeatureConstraints, ...]
    config: MonitoringConfig

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Constraints:
        """From the document.

        Raises:
            MonitorError: it does not have the published form, or holds an unknown value.
        """
        try:
            shared = document.get("monitoring_config", {})
            features = tuple(_feature(feature, shared) for feature in document["features"])
            return cls(features, MonitoringConfig.read(shared))
        except (KeyError, TypeError, AttributeError) as error:
            raise MonitorError(
                f"the baseline's constraints.json is not in the published form: {error!r} "
                "(Model Monitor, schema for constraints); make it with `penstock monitor baseline`"
            ) from error


def _feature(feature: Mapping[str, Any], shared: Mapping[str, Any]) -> FeatureConstraints:
    own = {
        **(feature.get("monitoring_config_overrides") or {}),
        **(feature.get("monitoringConfigOverrides") or {}),
    }
    config = {
        **shared,
        **own,
        "distribution_constraints": {
            **shared.get("distribution_constraints", {}),
            **own.get("distribution_constraints", {}),
        },
    }
    domains = (feature.get("string_constraints") or {}).get("domains")
    return FeatureConstraints(
        name=feature["name"],
        inferred_type=feature.get("inferred_type", UNKNOWN),
        completeness=feature.get("completeness"),
        is_non_negative=bool((feature.get("num_constraints") or {}).get("is_non_negative")),
        domains=frozenset(str(value) for value in domains) if domains else None,
        config=MonitoringConfig.read(config),
    )


def _enabled(document: Mapping[str, Any], key: str) -> bool:
    value = document.get(key, _ENABLED)
    if value not in (_ENABLED, "Disabled"):
        raise MonitorError(
            f"{key} is {value!r}: use Enabled or Disabled (Model Monitor, schema for constraints)"
        )
    return bool(value == _ENABLED)


def _share(document: Mapping[str, Any], key: str, default: float) -> float:
    value = document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise MonitorError(
            f"{key} is {value!r}: use a number from 0 to 1 (Model Monitor, schema for constraints)"
        )
    return float(value)


def _match(document: Mapping[str, Any], key: str) -> float:
    value = _share(document, key, DEFAULT_THRESHOLD)
    return value if value > _LARGEST_TOLERANCE else 1 - value
