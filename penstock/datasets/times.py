"""Times of points: ISO 8601, in UTC where they do not say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(text: str) -> datetime:
    """The time in UTC.

    Raises:
        ValueError: not an ISO 8601 time, or none that UTC has.
    """
    time = datetime.fromisoformat(text.strip())
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def written(time: datetime) -> str:
    """A time in UTC as records carry it: 2014-02-14T14:30:00Z."""
    return time.isoformat().replace("+00:00", "Z")
