"""A window of time: which capture records count, which hour folders they lie in, what is empty.

Source: SageMaker developer guide, "Capture data": files lie in yyyy/mm/dd/hh/ of the hour (UTC) of
the invocation, records carry eventMetadata.inferenceTime.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from penstock.monitor.errors import MonitorError

_HOUR = timedelta(hours=1)
# a stretch at one end that no capture falls into is worth a line when it is longer than this
_TELLING_SHARE = 0.1


@dataclass(frozen=True)
class Window:
    """From `start` to just before `end`, both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise MonitorError(
                f"the window begins at {utc_text(self.start)} and ends at {utc_text(self.end)}: "
                "its end must be later"
            )

    @classmethod
    def full_hours(cls, hours: int, before: datetime) -> Window:
        """The last so many full hours; MonitorError for fewer than one."""
        if hours < 1:
            raise MonitorError(f"a window of {hours} hours is none: use 1 or more")
        end = before.replace(minute=0, second=0, microsecond=0)
        return cls(end - hours * _HOUR, end)

    def __contains__(self, time: datetime) -> bool:
        return self.start <= time < self.end

    def hour_folders(self) -> Iterator[str]:
        """`yyyy/mm/dd/hh/` of every hour that the window touches."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield f"{hour:%Y/%m/%d/%H}/"
            hour += _HOUR

    def gaps(self, first: datetime, last: datetime) -> list[str]:
        """A line for each end of the window without captures, if that is over a tenth of it."""
        telling = (self.end - self.start) * _TELLING_SHARE
        return [
            f"part of the window is empty: no capture from {utc_text(begin)} to {utc_text(end)}"
            for begin, end in ((self.start, first), (last, self.end))
            if end - begin > telling
        ]


def utc_time(text: str) -> datetime:
    """A time of ISO 8601 with its offset from UTC, such as 2026-11-22T05:00:00Z.

    Raises:
        MonitorError: not so.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise MonitorError(f"{text!r} is no time in UTC: write it as 2026-11-22T05:00:00Z")
    return time.astimezone(UTC)


def utc_text(time: datetime) -> str:
    """As `utc_time` reads it."""
    return time.isoformat().replace("+00:00", "Z")
