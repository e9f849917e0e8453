"""AWS's cron dialect: minutes hours day-of-month month day-of-week year, with ? L W and #."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_FIELDS = ("minutes", "hours", "day-of-month", "month", "day-of-week", "year")
_YEARS = (1970, 2199)
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {
    name: number
    for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)
}
_STEP = re.compile(r"(?P<first>[^-/]+)(-(?P<last>[^-/]+))?(/(?P<step>\d+))?")


class Cron:
    """The times of one cron expression, by the wall clock of a time zone.

    Sources: EventBridge Scheduler user guide, "Schedule types" (fields, wildcards, daylight
    saving time), and EventBridge user guide, "Cron expressions". A time that the clocks skip
    in spring is left out; one that comes twice in autumn is taken the first time only.

    Raises:
        ValueError: which field, which value, and what is allowed.
    """

    def __init__(self, fields: str, zone: ZoneInfo) -> None:
        parts = fields.split()
        if len(parts) != len(_FIELDS):
            raise ValueError(f"cron({fields}) needs six fields: {' '.join(_FIELDS)}")
        minutes, hours, days, months, weekdays, years = parts
        if (days == "?") == (weekdays == "?"):
            raise ValueError(
                f"cron({fields}): exactly one of day-of-month {days} and "
                f"day-of-week {weekdays} must be ?"
            )
        self._zone = zone
        self._minutes = sorted(_numbers("minutes", minutes, 0, 59))
        self._hours = sorted(_numbers("hours", hours, 0, 23))
        self._months = sorted(_numbers("month", months, 1, 12, _MONTHS))
        self._years = sorted(_numbers("year", years, *_YEARS))
        self._days = days
        self._weekdays = weekdays
        self._days_of(date(2024, 2, 1))  # refuses what cannot be read

    def after(self, moment: datetime) -> datetime | None:
        """The first time later than `moment`, in UTC; None when there is none any more."""
        for day in self._dates(moment.astimezone(self._zone).date()):
            for hour in self._hours:
                for minute in self._minutes:
                    wall = datetime(day.year, day.month, day.day, hour, minute)
                    found = wall.replace(tzinfo=self._zone).astimezone(UTC)
                    exists = found.astimezone(self._zone).replace(tzinfo=None) == wall
                    if exists and found > moment:
                        return found
        return None

    def _dates(self, first: date) -> Iterator[date]:
        for year in self._years:
            for month in self._months:
                if (year, month) >= (first.year, first.month):
                    start = date(year, month, 1)
                    for day in sorted(self._days_of(start)):
                        if (found := start.replace(day=day)) >= first:
                            yield found

    def _days_of(self, month: date) -> set[int]:
        """The days of the month (given by its first day) on which the expression falls."""
        last = calendar.monthrange(month.year, month.month)[1]
        if self._weekdays == "?":
            return {day for day in self._by_day(month, last) if day <= last}
        return self._by_weekday(month, last)

    def _by_day(self, month: date, last: int) -> set[int]:
        if self._days == "L":
            return {last}
        if re.fullmatch(r"\d+W", self._days):
            (day,) = _numbers("day-of-month", self._days[:-1], 1, 31)
            return {_nearest_working_day(month, min(day, last), last)}
        return _numbers("day-of-month", self._days, 1, 31)

    def _by_weekday(self, month: date, last: int) -> set[int]:
        def days(weekday: int) -> list[int]:
            # isoweekday counts from Monday 1, AWS from Sunday 1
            return [
                day
                for day in range(1, last + 1)
                if month.replace(day=day).isoweekday() % 7 + 1 == weekday
            ]

        text = self._weekdays
        if found := re.fullmatch(r"(\w+)#([1-5])", text):
            (weekday,) = _numbers("day-of-week", found[1], 1, 7, _WEEKDAYS)
            return set(days(weekday)[int(found[2]) - 1 : int(found[2])])
        if found := re.fullmatch(r"(\w+)L", text):
            (weekday,) = _numbers("day-of-week", found[1], 1, 7, _WEEKDAYS)
            return {days(weekday)[-1]}
        weekdays = {7} if text == "L" else _numbers("day-of-week", text, 1, 7, _WEEKDAYS)
        return {day for weekday in weekdays for day in days(weekday)}


def _nearest_working_day(month: date, day: int, last: int) -> int:
    weekday = month.replace(day=day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < last else day - 2
    return day


def _numbers(
    field: str, text: str, low: int, high: int, names: dict[str, int] | None = None
) -> set[int]:
    def number(part: str) -> int:
        value = (names or {}).get(part.upper(), part)
        if not str(value).isdigit() or not low <= int(value) <= high:
            raise ValueError(f"{field} {text}: {part} must be {low} to {high}")
        return int(value)

    found: set[int] = set()
    for item in text.split(","):
        match = _STEP.fullmatch(item)
        if match is None:
            raise ValueError(f"{field} {text} must be numbers with , - * /")
        first = low if match["first"] == "*" else number(match["first"])
        ranged = match["first"] == "*" or match["step"] is not None
        last = number(match["last"]) if match["last"] else high if ranged else first
        step = int(match["step"] or 1)
        if step < 1 or last < first:
            raise ValueError(f"{field} {text}: {item} is no range")
        found.update(range(first, last + 1, step))
    return found
