"""The scored series in the run's folder (anomaly.json), and what was caught of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from penstock.cli.html_report.parts import Part, document, items, parts
from penstock.html.wording import is_number


class Point(NamedTuple):
    """One point of a series; `at` in seconds since 1970. None is what is not known of it."""

    at: float
    value: float | None
    score: float | None
    alert: bool


@dataclass(frozen=True)
class Window:
    """A labelled stretch of time, in seconds since 1970; `hit` is None where nothing was scored."""

    start: float
    end: float
    hit: bool | None


@dataclass(frozen=True)
class Signal:
    """One series in the order of time; the model was trained on what is before `live_from`."""

    name: str
    points: list[Point]
    windows: list[Window]
    live_from: float | None

    @property
    def judged(self) -> list[Window]:
        """The labelled windows in which something was scored."""
        return [window for window in self.windows if window.hit is not None]

    @property
    def caught(self) -> int:
        """How many of those had an alert."""
        return sum(window.hit is True for window in self.windows)

    @property
    def alerts(self) -> list[Point]:
        """The points whose score was above the threshold."""
        return [point for point in self.points if point.alert]

    def is_outside(self, point: Point) -> bool:
        """Whether the point is in none of the labelled windows."""
        return not any(window.start <= point.at <= window.end for window in self.windows)


@dataclass(frozen=True)
class Signals:
    """All series of a run; empty without anomaly.json."""

    threshold: float | None
    series: list[Signal]

    @classmethod
    def read(cls, folder: Path) -> Signals:
        """What of the run's anomaly.json can be drawn."""
        found = document(folder, "", "anomaly.json")
        threshold = found.get("threshold")
        signals = [_signal(entry) for entry in parts(found, "series")]
        return cls(
            threshold if is_number(threshold) else None,
            [signal for signal in signals if signal.points],
        )


def _signal(entry: Part) -> Signal:
    alerts = {place for place in items(entry, "alerts") if is_number(place)}
    columns = zip_longest(*(items(entry, name) for name in ("times", "values", "scores")))
    points = [
        Point(
            at,
            value if is_number(value) else None,
            score if is_number(score) else None,
            place in alerts,
        )
        for place, (time, value, score) in enumerate(columns)
        if (at := _moment(time)) is not None
    ]
    windows = [
        Window(start, end, window.get("hit"))
        for window in parts(entry, "windows")
        if (start := _moment(window.get("from"))) is not None
        and (end := _moment(window.get("to"))) is not None
    ]
    return Signal(
        str(entry.get("name") or "a series"),
        sorted(points, key=lambda point: point.at),
        windows,
        _moment(entry.get("live_from")),
    )


def _moment(text: object) -> float | None:
    """Seconds since 1970; a time without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
