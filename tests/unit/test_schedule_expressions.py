"""Schedule expressions: AWS's rate, cron and at, in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.localcloud.workers.schedules.expressions import parse

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday


def times(
    expression: str, count: int = 3, *, zone: str = "UTC", start: datetime = NOON
) -> list[str]:
    """The next times after `start`, in UTC."""
    plan = parse(expression, zone=zone, anchor=start)
    found: list[str] = []
    moment = plan.after(start)
    while moment is not None and len(found) < count:
        found.append(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}")
        moment = plan.after(moment)
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 hour)", ["2026-11-22 13:00", "2026-11-22 14:00"]),
        ("rate(90 minutes)", ["2026-11-22 13:30", "2026-11-22 15:00"]),
        ("rate(2 days)", ["2026-11-24 12:00", "2026-11-26 12:00"]),
        ("at(2026-12-24T18:30:00)", ["2026-12-24 18:30"]),
        ("at(2026-11-22T12:00:00)", []),
        # the examples of the user guides
        ("cron(15 10 * * ? *)", ["2026-11-23 10:15", "2026-11-24 10:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01 08:00", "2027-01-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-22 12:15", "2026-11-22 12:30"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-11-23 08:00", "2026-11-23 08:05"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-12-07 09:00", "2027-01-04 09:00"]),
        ("cron(0 10 ? * 6L 2022-2027)", ["2026-11-27 10:00", "2026-12-25 10:00"]),
        # the schedule of a monitor: minute 20 of every sixth hour
        ("cron(20 */6 * * ? *)", ["2026-11-22 12:20", "2026-11-22 18:20"]),
        ("cron(0 0 L * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00"]),
        ("cron(0 0 L 2 ? *)", ["2027-02-28 00:00", "2028-02-29 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-28 00:00", "2026-12-05 00:00"]),  # a Saturday
        ("cron(0 0 ? * FRI#5 *)", ["2027-01-29 00:00", "2027-04-30 00:00"]),
        ("cron(0 0 31 * ? *)", ["2026-12-31 00:00", "2027-01-31 00:00"]),
        # W: the working day nearest to it, in the same month
        ("cron(0 0 5W 12 ? 2026)", ["2026-12-04 00:00"]),  # the 5th is a Saturday
        ("cron(0 0 6W 12 ? 2026)", ["2026-12-07 00:00"]),  # the 6th is a Sunday
        ("cron(0 0 1W 5 ? 2027)", ["2027-05-03 00:00"]),  # 1 May is a Saturday
        ("cron(0 0 31W 1 ? 2027)", ["2027-01-29 00:00"]),  # 31 January is a Sunday
        ("cron(0 0 1,15 JAN,JUL ? 2027/2)", ["2027-01-01 00:00", "2027-01-15 00:00"]),
        ("cron(0 0 1 1 ? 2020)", []),
    ],
)
def test_the_next_times_of_an_expression(expression: str, expected: list[str]) -> None:
    assert times(expression, 2) == expected


def test_a_rate_keeps_its_rhythm_whenever_it_is_asked() -> None:
    plan = parse("rate(5 minutes)", zone="UTC", anchor=NOON)
    assert plan.after(NOON - timedelta(hours=1)) == NOON
    assert plan.after(NOON) == NOON + timedelta(minutes=5)
    assert plan.after(NOON + timedelta(minutes=7)) == NOON + timedelta(minutes=10)


def test_cron_follows_the_wall_clock_of_its_zone() -> None:
    before_spring = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    # at 02:00 on 28 March 2027 the clocks of Berlin go on to 03:00
    assert times("cron(30 2 * * ? *)", 2, zone="Europe/Berlin", start=before_spring) == [
        "2027-03-29 00:30",
        "2027-03-30 00:30",
    ]
    assert times("cron(0 9 * * ? *)", 2, zone="Europe/Berlin", start=before_spring) == [
        "2027-03-28 07:00",
        "2027-03-29 07:00",
    ]
    before_autumn = datetime(2027, 10, 30, 12, 0, tzinfo=UTC)
    # at 03:00 on 31 October 2027 they go back to 02:00: 02:30 comes twice
    assert times("cron(30 2 * * ? *)", 2, zone="Europe/Berlin", start=before_autumn) == [
        "2027-10-31 00:30",
        "2027-11-01 01:30",
    ]
    assert times("at(2027-07-01T09:00:00)", zone="America/New_York") == ["2027-07-01 13:00"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("every(5 minutes)", r"must be rate\(...\), cron\(...\) or at\(...\)"),
        ("rate(0 minutes)", "minutes|hours|days"),
        ("rate(5 weeks)", "minutes|hours|days"),
        ("at(2026-12-24)", "yyyy-mm-ddThh:mm:ss"),
        ("cron(0 12 * * ?)", "needs six fields"),
        ("cron(0 12 * * * *)", "exactly one of day-of-month"),
        ("cron(0 12 ? * ? *)", "exactly one of day-of-month"),
        ("cron(60 12 * * ? *)", "minutes 60: 60 must be 0 to 59"),
        ("cron(0 24 * * ? *)", "hours 24: 24 must be 0 to 23"),
        ("cron(0 12 32 * ? *)", "day-of-month 32"),
        ("cron(0 12 * FOO ? *)", "month FOO"),
        ("cron(0 12 ? * 8 *)", "day-of-week 8"),
        ("cron(0 12 ? * FRI-MON *)", "is no range"),
        ("cron(0 12 * * ? 1969)", "year 1969"),
        ("cron(0/0 12 * * ? *)", "is no range"),
    ],
)
def test_what_cannot_be_read_is_named(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(expression, zone="UTC", anchor=NOON)


def test_a_zone_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="time zone Mars/Olympus"):
        parse("rate(1 hour)", zone="Mars/Olympus", anchor=NOON)
