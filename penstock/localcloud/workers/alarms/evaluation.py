"""Which state a metric alarm is in, by its settings and the data of its metric."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from penstock.localcloud.workers.alarms.metrics import Datum

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")

# The example of the documentation has an evaluation range of five for three evaluation periods;
# what it is for other numbers "varies", so two more is what is used for all.
_MORE_THAN_EVALUATED = 2


@dataclass(frozen=True)
class AlarmSettings:
    """What PutMetricAlarm says of a metric alarm's condition."""

    statistic: str
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    treat_missing: str
    unit: str | None

    @property
    def tick_seconds(self) -> int:
        """How often the alarm is looked at: each minute, or each 10 s for shorter periods."""
        return 60 if self.period_seconds >= 60 else 10

    @property
    def range_periods(self) -> int:
        """How many periods back data are looked for."""
        return self.evaluation_periods + _MORE_THAN_EVALUATED

    def breaches(self, value: float) -> bool:
        """Whether a data point is beyond the threshold."""
        return bool(COMPARISONS[self.comparison][0](value, self.threshold))


@dataclass(frozen=True)
class Point:
    """The statistic of one period; `age` is 1 for the last period."""

    start: datetime
    age: int
    value: float


@dataclass(frozen=True)
class Verdict:
    """The state (None: the one it has been in), StateReason and StateReasonData."""

    state: str | None
    reason: str
    reason_data: str


def last_tick(settings: AlarmSettings, now: datetime) -> datetime:
    """The last time that the alarm was due to be looked at: a whole minute (or 10 s)."""
    seconds = math.floor(now.timestamp() / settings.tick_seconds) * settings.tick_seconds
    return datetime.fromtimestamp(seconds, UTC)


def range_start(settings: AlarmSettings, at: datetime) -> datetime:
    """Where the evaluation range begins."""
    return at - timedelta(seconds=settings.period_seconds * settings.range_periods)


def next_change(settings: AlarmSettings, data: Iterable[Datum], at: datetime) -> datetime | None:
    """The next tick after `at` at which some datum is in another period, or None if none is left.

    Between two such ticks evaluating again cannot give anything new.
    """
    ticks = [
        tick
        for datum in data
        for periods in range(settings.range_periods + 1)
        if (
            tick := last_tick(
                settings, datum.time + timedelta(seconds=periods * settings.period_seconds)
            )
            + timedelta(seconds=settings.tick_seconds)
        )
        > at
    ]
    return min(ticks, default=None)


def evaluate(
    settings: AlarmSettings, data: Sequence[Datum], *, at: datetime, now: datetime
) -> Verdict:
    """The alarm's state at the tick `at`; `now` is written into StateReasonData.

    The periods end at `at` and lie one before the other, so the newest one has what was put
    since the tick before. Sources: CloudWatch user guide, "Alarm evaluation" and "Configuring
    how CloudWatch alarms treat missing data" (its two tables are unit tests). The texts of
    reasons follow published examples; those of states in which missing data took part, and
    that an alarm whose few data points are all breaching but too young stays as it is when
    missing data is `missing`, are unconfirmed.
    """
    points = _points(settings, data, at)
    considered = points[: settings.evaluation_periods]
    breaching = [point for point in considered if settings.breaches(point.value)]
    missing = settings.evaluation_periods - len(considered)
    state = _state(settings, considered, breaching, missing)
    return Verdict(
        state,
        _reason(settings, state, considered, breaching, missing),
        _reason_data(settings, considered, now),
    )


def _points(settings: AlarmSettings, data: Sequence[Datum], at: datetime) -> list[Point]:
    """The periods of the evaluation range that have data, newest first."""
    points = []
    period = timedelta(seconds=settings.period_seconds)
    for age in range(1, settings.range_periods + 1):
        start = at - age * period
        within = [datum for datum in data if start <= datum.time < start + period]
        if within:
            points.append(Point(start, age, _statistic(settings.statistic, within)))
    return points


def _statistic(name: str, data: Sequence[Datum]) -> float:
    count = sum(datum.count for datum in data)
    total = sum(datum.total for datum in data)
    return {
        "Minimum": min(datum.minimum for datum in data),
        "Maximum": max(datum.maximum for datum in data),
        "Sum": total,
        "SampleCount": count,
        "Average": total / count if count else 0.0,
    }[name]


def _state(
    settings: AlarmSettings, considered: list[Point], breaching: list[Point], missing: int
) -> str | None:
    if not considered:
        return {
            "breaching": ALARM,
            "notBreaching": OK,
            "ignore": None,
            "missing": INSUFFICIENT_DATA,
        }[settings.treat_missing]
    filled = missing if settings.treat_missing == "breaching" else 0
    if len(breaching) + filled >= settings.datapoints_to_alarm:
        return ALARM
    all_breach = missing > 0 and len(breaching) == len(considered)
    if not all_breach or settings.treat_missing in ("breaching", "notBreaching"):
        return OK
    # "the oldest breaching data point is at least as old as the value of Datapoints to Alarm"
    if settings.treat_missing == "missing" and breaching[-1].age >= settings.datapoints_to_alarm:
        return ALARM
    return None


def _reason(
    settings: AlarmSettings,
    state: str | None,
    considered: list[Point],
    breaching: list[Point],
    missing: int,
) -> str:
    treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(settings.treat_missing)
    missing_text = f"{missing} missing {_datapoints(missing)} treated as [{treated}]"
    if not considered:
        if treated is None:
            return f"Insufficient Data: {missing} {_datapoints(missing)} unknown."
        periods = f"{missing} period{'s' if missing > 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {missing_text}."
    calm = [point for point in considered if point not in breaching]
    shown = breaching if state == ALARM and breaching else calm or breaching
    crossed = shown is breaching
    values = ", ".join(f"{point.value} ({point.start:%d/%m/%y %H:%M:%S})" for point in shown)
    needed = settings.datapoints_to_alarm
    change = "OK -> ALARM"
    if not crossed:
        needed = settings.evaluation_periods - settings.datapoints_to_alarm + 1
        change = "ALARM -> OK"
    reason = (
        f"Threshold Crossed: {len(shown)} out of the last {len(considered)} datapoints [{values}] "
        f"{'was' if len(shown) == 1 else 'were'} {'' if crossed else 'not '}"
        f"{COMPARISONS[settings.comparison][1]} the threshold ({settings.threshold}) "
        f"(minimum {needed} datapoint{'s' if needed > 1 else ''} for {change} transition)"
    )
    return f"{reason}; {missing_text}." if missing and treated else f"{reason}."


def _datapoints(count: int) -> str:
    return "datapoint was" if count == 1 else "datapoints were"


def _reason_data(settings: AlarmSettings, considered: list[Point], now: datetime) -> str:
    oldest_first = considered[::-1]
    document: dict[str, object] = {"version": "1.0", "queryDate": long_time(now)}
    if oldest_first:
        document["startDate"] = long_time(oldest_first[0].start)
    if settings.unit:
        document["unit"] = settings.unit
    document |= {
        "statistic": settings.statistic,
        "period": settings.period_seconds,
        "recentDatapoints": [point.value for point in oldest_first],
        "threshold": settings.threshold,
    }
    return json.dumps(document)


def long_time(moment: datetime) -> str:
    """2019-10-01T13:56:40.985+0000, as alarms write times."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"
