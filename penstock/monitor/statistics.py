"""statistics.json: a profile in Model Monitor's published form, and what comparing needs of one.

Source: Model Monitor, "Schema for Statistics". Standard deviation is the population's, as Deequ's.
A number that is no number (the spread of nothing, a sum beyond the doubles) is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.monitor.column import STRING, UNKNOWN, ColumnProfile
from penstock.monitor.distribution import Distribution
from penstock.monitor.errors import MonitorError
from penstock.monitor.profile import Profile

VERSION = 0


def statistics(profile: Profile) -> dict[str, Any]:
    """The document of a profile."""
    return {
        "version": VERSION,
        "dataset": {"item_count": profile.item_count},
        "features": [_feature(name, column) for name, column in profile.columns.items()],
    }


def _feature(name: str, column: ColumnProfile) -> dict[str, Any]:
    kind = column.inferred_type
    feature: dict[str, Any] = {"name": name, "inferred_type": kind}
    common = {"num_present": column.present, "num_missing": column.missing}
    if kind in (STRING, UNKNOWN):
        counts = column.categories.counts
        found: dict[str, Any] = {"common": common, "distinct_count": column.categories.distinct}
        if counts is not None:
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            found["distribution"] = {
                "categorical": {"buckets": [{"value": v, "count": n} for v, n in ordered]}
            }
        feature["string_statistics"] = found
        return feature
    moments = column.moments
    numbers = {
        "mean": moments.mean,
        "sum": moments.sum,
        "std_dev": moments.deviation,
        "min": moments.minimum,
        "max": moments.maximum,
    }
    feature["numerical_statistics"] = {
        "common": common,
        **{key: number for key, number in numbers.items() if math.isfinite(number)},
        "distribution": column.distribution.document(moments.minimum, moments.maximum),
    }
    return feature


@dataclass(frozen=True)
class KnownFeature:
    """One feature of a statistics.json, ours or Model Monitor's."""

    distribution: Distribution | None
    categories: Mapping[str, int] | None


def known_features(document: Mapping[str, Any]) -> dict[str, KnownFeature]:
    """The features of a statistics.json by name.

    Raises:
        MonitorError: the document does not have the published form.
    """
    try:
        return {feature["name"]: _known(feature) for feature in document["features"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MonitorError(
            f"the baseline's statistics.json is not in the published form: {error!r} "
            "(Model Monitor, schema for statistics); make it with `penstock monitor baseline`"
        ) from error


def _known(feature: Mapping[str, Any]) -> KnownFeature:
    numbers = feature.get("numerical_statistics")
    texts = feature.get("string_statistics")
    distribution, categories = None, None
    if numbers and "distribution" in numbers:
        levels = numbers["distribution"]["kll"]["sketch"]["data"]
        distribution = Distribution.from_levels(levels)
    if texts and "distribution" in texts:
        buckets = texts["distribution"]["categorical"]["buckets"]
        categories = {str(bucket["value"]): int(bucket["count"]) for bucket in buckets}
    return KnownFeature(distribution, categories)
