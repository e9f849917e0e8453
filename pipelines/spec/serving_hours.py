"""The hours in which the endpoint is there."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field as Described
from pydantic import field_validator, model_validator

from pipelines.spec.base import Spec, matching, refusal

Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
_SOURCE = "EventBridge Scheduler user guide, cron-based schedules"

TimeOfDay = Annotated[
    str,
    matching(
        "a time of day such as 08:00",
        lambda value: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None,
        _SOURCE,
    ),
]


class ServingHours(Spec):
    """Switched on at `start` and off at `end` of each day in `days`.

    An endpoint takes some minutes to be made, so it answers that much later than `start`.
    """

    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[tuple[Day, ...], Described(min_length=1)] = ("MON", "TUE", "WED", "THU", "FRI")
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, OSError, ValueError):
            raise refusal(
                value,
                rule="not a time zone of the IANA database",
                source="EventBridge Scheduler user guide, time zones",
                remedy="use UTC or a name such as Europe/Berlin",
            ) from None
        return value

    @model_validator(mode="after")
    def _check_order(self) -> ServingHours:
        if self.start >= self.end:
            raise refusal(
                f"{self.start} to {self.end}",
                rule="the end is not after the start on the same day",
                source="pipelines.spec.ServingHours",
                remedy="give an end after the start",
            )
        return self

    @property
    def week_share(self) -> float:
        """The share of a week from each start to each end."""
        minutes = _minutes(self.end) - _minutes(self.start)
        return minutes * len(set(self.days)) / (7 * 24 * 60)

    def cron(self, time: str) -> str:
        """The cron expression of a time of day on these days."""
        hour, minute = time.split(":")
        return f"cron({int(minute)} {int(hour)} ? * {','.join(self.days)} *)"


def _minutes(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)
