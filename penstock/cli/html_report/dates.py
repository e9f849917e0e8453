"""Round dates and times for an axis."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = [
    *(minutes * _MINUTE for minutes in (1, 5, 15, 30)),
    *(hours * _HOUR for hours in (1, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 5, 10, 20)),
]
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH = 30.4 * _DAY


def date_ticks(first: float, last: float, about: int = 8) -> list[tuple[float, str]]:
    """Moments (seconds since 1970) with their names in UTC, at most some `about` of them.

    They are whole minutes, hours, days or months; the year is named where it begins to count.
    """
    rough = (last - first) / about
    step = next((step for step in _STEPS if step >= rough), None)
    if step is None:
        moments = _months(first, last, rough)
    else:
        start = -int(-first // step)  # the first multiple that is not before it
        moments = [float(place * step) for place in range(start, int(last // step) + 1)]
    time = "" if step is None or step >= _DAY else " %H:%M"
    found: list[tuple[float, str]] = []
    year = None
    for at in moments or [first]:
        moment = datetime.fromtimestamp(at, UTC)
        day = "%-d %b" if moment.year == year else "%-d %b %Y"
        found.append((at, moment.strftime(day + time)))
        year = moment.year
    return found


def _months(first: float, last: float, rough: float) -> list[float]:
    step = next((months for months in _MONTHS if months * _MONTH >= rough), _MONTHS[-1])
    begun = datetime.fromtimestamp(first, UTC)
    ended = datetime.fromtimestamp(last, UTC)
    months = range(begun.year * 12, ended.year * 12 + 12, step)
    found = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months]
    return [moment.timestamp() for moment in found if begun <= moment <= ended]
