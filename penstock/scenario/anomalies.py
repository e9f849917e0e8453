"""What was caught: scores and alerts beside the points and their labelled windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from penstock.scenario.points import Key, Point, text_of


@dataclass(frozen=True)
class LabelledWindow:
    """Points of one series in a row that are labelled as an anomaly."""

    start: datetime
    end: datetime
    is_live: bool
    is_hit: bool


class Curve:
    """One series in the order of time, with what its points scored."""

    def __init__(
        self,
        name: str,
        points: Sequence[Point],
        live: set[Key],
        scores: Mapping[Key, tuple[float, float]],
    ) -> None:
        self.name = name
        self.points = points
        self.live = [point for point in points if point.key in live]
        self.scores = [scores[p.key][0] if p.key in scores else None for p in points]
        self.alerts = [
            place
            for place, point in enumerate(points)
            if point.key in scores and scores[point.key][0] > scores[point.key][1]
        ]
        self.windows = list(self._windows())

    def _windows(self) -> Iterable[LabelledWindow]:
        alerts, live = set(self.alerts), {point.key for point in self.live}
        for labelled, group in groupby(enumerate(self.points), lambda entry: entry[1].label == 1):
            places = [place for place, _ in group]
            if labelled:
                yield LabelledWindow(
                    self.points[places[0]].at,
                    self.points[places[-1]].at,
                    any(self.points[place].key in live for place in places),
                    not alerts.isdisjoint(places),
                )

    @property
    def live_windows(self) -> list[LabelledWindow]:
        """Those of which at least one point was replayed, so that it could have been caught."""
        return [window for window in self.windows if window.is_live]

    @property
    def false_alerts(self) -> int:
        """Alerts of points that are labelled as none."""
        return sum(self.points[place].label == 0 for place in self.alerts)

    def report(self) -> dict[str, Any]:
        """Its line in report.json."""
        return {
            "name": self.name,
            "points": len(self.live),
            "scored": sum(score is not None for score in self.scores),
            "alerts": len(self.alerts),
            "labelled": len(self.live_windows),
            "hit": sum(window.is_hit for window in self.live_windows),
        }

    def drawing(self) -> dict[str, Any]:
        """All of it, for the report's pictures."""
        return {
            "name": self.name,
            "times": [text_of(point.at) for point in self.points],
            "values": [point.value for point in self.points],
            "scores": self.scores,
            "alerts": self.alerts,
            "windows": [
                {
                    "from": text_of(window.start),
                    "to": text_of(window.end),
                    "hit": window.is_hit if window.is_live else None,
                }
                for window in self.windows
            ],
            "live_from": text_of(self.live[0].at) if self.live else None,
        }


class Anomalies:
    """All series of a replay.

    Args:
        points: all that were sent, in order; of some that are the same the first one counts.
        live: those that the scorer had to decide in the replay.
        scores: of those that have one: score and the threshold that it is judged by.
    """

    def __init__(
        self,
        points: Sequence[Point],
        live: set[Key],
        scores: Mapping[Key, tuple[float, float]],
    ) -> None:
        distinct = {point.key: point for point in reversed(points)}
        ordered = sorted(distinct.values(), key=lambda point: point.key)
        self.curves = [
            Curve(name, list(group), live, scores)
            for name, group in groupby(ordered, lambda point: point.series)
        ]
        self._thresholds = sorted({threshold for _, threshold in scores.values()})
        self._has_labels = any(distinct[key].label is not None for key in live)
        self.alerts = {curve.points[place].key for curve in self.curves for place in curve.alerts}

    def report(self) -> dict[str, Any]:
        """The part anomaly of report.json, without what the scorer itself says."""
        lines = [curve.report() for curve in self.curves]
        return {
            "series": len(lines),
            "points": sum(line["points"] for line in lines),
            "alerts": len(self.alerts),
            "windows": {name: sum(line[name] for line in lines) for name in ("labelled", "hit")}
            if self._has_labels
            else None,
            "false_alerts": sum(curve.false_alerts for curve in self.curves)
            if self._has_labels
            else None,
            "scored_records": sum(line["scored"] for line in lines),
            "threshold": self._thresholds[-1] if self._thresholds else None,
            "by_series": lines,
        }

    def drawing(self) -> dict[str, Any]:
        """The contents of anomaly.json."""
        return {
            "threshold": self._thresholds[-1] if self._thresholds else None,
            "series": [curve.drawing() for curve in self.curves],
        }

    def sentence(self) -> str:
        """What came of it, for those who watch."""
        found = self.report()
        windows = found["windows"]
        caught = (
            f"{windows['hit']} of {windows['labelled']} labelled windows hit" if windows else ""
        )
        parts = [f"{found['scored_records']} points scored", caught, f"{found['alerts']} alerts"]
        return ", ".join(filter(None, parts))
