"""Schedule expressions: rate(5 minutes), cron(20 * * * ? *), at(2026-11-22T12:00:00)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from penstock.localcloud.workers.schedules.cron import Cron

_EXPRESSION = re.compile(r"(rate|cron|at)\((.+)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)s?")


class Times(Protocol):
    """The times at which something happens."""

    def after(self, moment: datetime) -> datetime | None:
        """The first time later than `moment` (UTC), or None."""


class Rate:
    """Every so often, counted from `anchor`, which is the first time itself."""

    def __init__(self, interval: timedelta, anchor: datetime) -> None:
        self._interval = interval
        self._anchor = anchor

    def after(self, moment: datetime) -> datetime:
        """The first multiple of the interval later than `moment`."""
        if moment < self._anchor:
            return self._anchor
        return self._anchor + ((moment - self._anchor) // self._interval + 1) * self._interval


class Once:
    """One time."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def after(self, moment: datetime) -> datetime | None:
        """The time, if it is still to come."""
        return self._moment if self._moment > moment else None


def parse(expression: str, *, zone: str, anchor: datetime) -> Times:
    """The times of `expression` in the time zone `zone` (an IANA name).

    `anchor` is the first time of a rate. Time zones are those of this machine's database.

    Raises:
        ValueError: what cannot be read, and what can.
    """
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time zone {zone} is not in this machine's database") from None
    found = _EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise ValueError(f"{expression} must be rate(...), cron(...) or at(...)")
    kind, text = found[1], found[2].strip()
    if kind == "cron":
        return Cron(text, where)
    if kind == "at":
        try:
            wall = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            raise ValueError(f"{expression} must be at(yyyy-mm-ddThh:mm:ss)") from None
        return Once(wall.replace(tzinfo=where).astimezone(UTC))
    rate = _RATE.fullmatch(text)
    if rate is None or int(rate[1]) == 0:
        raise ValueError(f"{expression} must be rate(<number> minutes|hours|days)")
    return Rate(timedelta(**{f"{rate[2]}s": int(rate[1])}), anchor)
