"""The points of a stream of time series, as the records that were sent say them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from penstock.scenario.aws import Stage

Key = tuple[str, datetime]  # a series and a time: what a point is known by


@dataclass(frozen=True)
class Point:
    """One value of one series; `label` is 1 in an anomaly, 0 outside, None where nobody knows."""

    series: str
    at: datetime
    value: float
    label: int | None

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.series, self.at


def points_of(stage: Stage, records: Iterable[bytes]) -> list[Point]:
    """The records as points, in order.

    Args:
        stage: its outputs say which fields are series, time, value and label.
        records: good ones, which the pipeline's transform has accepted.
    """
    series, time, value = stage["SeriesField"], stage["TimeField"], stage["ValueField"]
    label = stage.outputs.get("LabelField")
    found = []
    for body in records:
        record = json.loads(body)
        known = None if label is None else record.get(label)
        found.append(
            Point(
                record[series],
                moment(record[time]),
                float(record[value]),
                None if known is None else int(known),
            )
        )
    return found


def moment(text: str) -> datetime:
    """An ISO 8601 time; without a zone it is UTC, as everywhere in the pipeline."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def text_of(at: datetime) -> str:
    """A time as the lake has it: ISO 8601 in UTC, with Z at its end."""
    return at.isoformat().replace("+00:00", "Z")
