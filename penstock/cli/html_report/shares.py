"""The distributions of statistics.json as shares of rows over common bins."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.cli.html_report.parts import Part, part, parts
from penstock.html.wording import is_number

_BINS = 10
_CATEGORIES = 8


@dataclass(frozen=True)
class Shares:
    """Shares of the rows (0 to 1) in each bin, before and now; one label for each bin or edge."""

    before: list[float]
    now: list[float]
    labels: list[str]
    are_edges: bool


def shares(before: Part, now: Part) -> Shares | None:
    """Of one feature's two statistics; None if either has no distribution of the other's kind."""
    ranges_before, ranges_now = _ranges(before), _ranges(now)
    if ranges_before and ranges_now:
        return _of_numbers(ranges_before, ranges_now)
    values_before, values_now = _categories(before), _categories(now)
    if values_before and values_now:
        return _of_categories(values_before, values_now)
    return None


def _of_numbers(
    before: list[tuple[float, float, float]], now: list[tuple[float, float, float]]
) -> Shares:
    """Ten equal bins over both ranges; a bucket's rows are taken as evenly spread within it."""
    low = min(bucket[0] for bucket in [*before, *now])
    high = max(bucket[1] for bucket in [*before, *now])
    step = (high - low) / _BINS or 1.0
    edges = [low + i * step for i in range(_BINS + 1)]
    return Shares(
        _spread(before, low, step), _spread(now, low, step), [f"{at:.4g}" for at in edges], True
    )


def _spread(buckets: list[tuple[float, float, float]], low: float, step: float) -> list[float]:
    total = sum(count for _, _, count in buckets) or 1.0
    found = [0.0] * _BINS
    for left, right, count in buckets:
        if right <= left:
            found[min(_BINS - 1, int((left - low) / step))] += count / total
            continue
        for place in range(_BINS):
            start = low + place * step
            common = min(right, start + step) - max(left, start)
            found[place] += max(0.0, common) / (right - left) * count / total
    return found


def _of_categories(before: dict[str, float], now: dict[str, float]) -> Shares:
    """The most frequent values of both."""
    sums = [sum(counts.values()) or 1.0 for counts in (before, now)]
    names = sorted(
        {*before, *now},
        key=lambda name: -(before.get(name, 0) / sums[0] + now.get(name, 0) / sums[1]),
    )[:_CATEGORIES]
    return Shares(
        [before.get(name, 0) / sums[0] for name in names],
        [now.get(name, 0) / sums[1] for name in names],
        names,
        False,
    )


def _ranges(feature: Part) -> list[tuple[float, float, float]]:
    kll = part(part(part(feature, "numerical_statistics"), "distribution"), "kll")
    return [
        (float(bucket["lower_bound"]), float(bucket["upper_bound"]), float(bucket["count"]))
        for bucket in parts(kll, "buckets")
        if all(is_number(bucket.get(key)) for key in ("lower_bound", "upper_bound", "count"))
    ]


def _categories(feature: Part) -> dict[str, float]:
    text = part(part(feature, "string_statistics"), "distribution")
    return {
        str(bucket["value"]): float(bucket["count"])
        for bucket in parts(part(text, "categorical"), "buckets")
        if "value" in bucket and is_number(bucket.get("count"))
    }
