"""The values that were put for each metric, at the time of the local cloud."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# PutMetricAlarm: EvaluationPeriods x Period is at most seven days; the evaluation range is longer
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Datum:
    """One value or statistic set of a metric; `time` is UTC by the cloud's clock."""

    time: datetime
    unit: str
    minimum: float
    maximum: float
    total: float
    count: float


@dataclass(frozen=True)
class Metric:
    """A metric is named by its namespace, its name and exactly its dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


def on_the_clouds_clock(stamp: datetime, *, cloud_now: datetime, real_now: datetime) -> datetime:
    """The cloud's time that a sender meant by `stamp`.

    Whoever runs in a process of its own (a job, a function, a user) stamps by the real clock,
    which the cloud's clock may be hours ahead of. A stamp belongs to the clock whose present
    time it is nearer to; one of the real clock is moved by as much as the two differ.
    """
    if abs(stamp - cloud_now) <= abs(stamp - real_now):
        return stamp
    return stamp + (cloud_now - real_now)


class Metrics:
    """What PutMetricData brought within the last 30 days, by metric."""

    def __init__(self) -> None:
        self._data: dict[Metric, deque[Datum]] = defaultdict(deque)
        self._lock = threading.Lock()

    def put(
        self,
        namespace: str,
        metric_data: Iterable[Mapping[str, Any]],
        *,
        cloud_now: datetime,
        real_now: datetime,
    ) -> set[Metric]:
        """Keep the MetricData structures of one PutMetricData; returns the metrics they are of."""
        metrics = set()
        with self._lock:
            for given in metric_data:
                metric = Metric(
                    namespace, given["MetricName"], dimensions_of(given.get("Dimensions") or [])
                )
                time = cloud_now
                if given.get("Timestamp") is not None:
                    time = on_the_clouds_clock(
                        _utc(given["Timestamp"]), cloud_now=cloud_now, real_now=real_now
                    )
                kept = self._data[metric]
                while kept and kept[0].time < cloud_now - _KEPT:
                    kept.popleft()
                kept.append(_datum(given, time))
                metrics.add(metric)
        return metrics

    def of(self, metric: Metric, *, unit: str | None, since: datetime) -> list[Datum]:
        """The metric's data from `since` on; with a unit, only what was put with that very unit."""
        with self._lock:
            return [
                one
                for one in self._data.get(metric, ())
                if one.time >= since and (unit is None or one.unit == unit)
            ]


def dimensions_of(given: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    """Dimensions of the API, whose order does not matter."""
    return frozenset((one["Name"], one["Value"]) for one in given)


def _datum(given: Mapping[str, Any], time: datetime) -> Datum:
    unit = given.get("Unit") or "None"
    if given.get("StatisticValues"):
        stats = given["StatisticValues"]
        return Datum(
            time,
            unit,
            float(stats["Minimum"]),
            float(stats["Maximum"]),
            float(stats["Sum"]),
            float(stats["SampleCount"]),
        )
    values = [float(value) for value in given.get("Values") or [given.get("Value", 0)]]
    counts = [float(count) for count in given.get("Counts") or [1] * len(values)]
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    return Datum(time, unit, min(values), max(values), total, sum(counts))


def _utc(stamp: datetime) -> datetime:
    return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
