"""Windows of time: which capture records count, which folders are listed, what is said."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from penstock.monitor import (
    Format,
    MonitorError,
    Reader,
    Reading,
    Window,
    read_profile,
    utc_text,
    utc_time,
)

TEN, ELEVEN = utc_time("2026-11-22T10:00:00Z"), utc_time("2026-11-22T11:00:00Z")
HOUR = Window(TEN, ELEVEN)


def captured(time: object, data: str = "1") -> str:
    side = {"observedContentType": "text/csv", "data": data, "encoding": "CSV"}
    metadata = {"eventId": "e"} if time is None else {"eventId": "e", "inferenceTime": time}
    return json.dumps({"captureData": {"endpointInput": side}, "eventMetadata": metadata}) + "\n"


def minute(number: int) -> datetime:
    return TEN + timedelta(minutes=number)


def test_the_start_belongs_to_the_window_and_the_end_to_the_next() -> None:
    assert TEN in HOUR
    assert ELEVEN not in HOUR
    assert TEN - timedelta(seconds=1) not in HOUR
    assert utc_time("2026-11-22T12:30:00+02:00") in HOUR


@pytest.mark.parametrize(
    ("scheduled", "hours", "start", "end"),
    [
        ("2026-11-22T11:20:00Z", 1, "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
        ("2026-11-22T11:00:00Z", 1, "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
        ("2026-11-22T01:20:33Z", 6, "2026-11-21T19:00:00Z", "2026-11-22T01:00:00Z"),
    ],
)
def test_full_hours_end_with_the_last_one(scheduled: str, hours: int, start: str, end: str) -> None:
    window = Window.full_hours(hours, before=utc_time(scheduled))
    assert (utc_text(window.start), utc_text(window.end)) == (start, end)


def test_the_folders_are_those_of_the_hours_it_touches() -> None:
    assert list(HOUR.hour_folders()) == ["2026/11/22/10/"]
    across = Window(utc_time("2026-12-31T23:59:59Z"), utc_time("2027-01-01T01:00:01Z"))
    assert list(across.hour_folders()) == ["2026/12/31/23/", "2027/01/01/00/", "2027/01/01/01/"]


@pytest.mark.parametrize("text", ["", "now", "2026-11-22", "2026-11-22T10:00:00", "None"])
def test_a_time_without_its_zone_is_none(text: str) -> None:
    with pytest.raises(MonitorError, match="is no time in UTC: write it as 2026-"):
        utc_time(text)


def test_windows_of_nothing_are_refused() -> None:
    with pytest.raises(MonitorError, match="its end must be later"):
        Window(TEN, TEN)
    with pytest.raises(MonitorError, match="a window of 0 hours is none"):
        Window.full_hours(0, before=TEN)


@pytest.mark.parametrize(
    ("first", "last", "empty"),
    [
        (0, 59, []),
        (6, 54, []),
        (7, 59, ["10:00:00Z to 2026-11-22T10:07:00Z"]),
        (1, 30, ["10:30:00Z to 2026-11-22T11:00:00Z"]),
        (30, 31, ["10:00:00Z to 2026-11-22T10:30:00Z", "10:31:00Z to 2026-11-22T11:00:00Z"]),
    ],
)
def test_an_end_without_captures_is_told(first: int, last: int, empty: list[str]) -> None:
    reading = Reading(first=minute(first), last=minute(last))
    start = "part of the window is empty: no capture from 2026-11-22T"
    assert reading.lines(HOUR) == [start + stretch for stretch in empty]


@mock_aws
def test_only_the_hours_of_the_window_are_listed_in_every_variant() -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="lake")
    for variant in ("main", "other"):
        for hour in ("09", "10", "11"):
            key = f"capture/digits/{variant}/2026/11/22/{hour}/a.jsonl"
            s3.put_object(Bucket="lake", Key=key, Body=captured(f"2026-11-22T{hour}:30:00Z"))
    s3.put_object(Bucket="lake", Key="capture/digits/_tmp/2026/11/22/10/a.jsonl", Body="broken")
    s3.put_object(Bucket="lake", Key="capture/digits-2/main/2026/11/22/10/a.jsonl", Body="broken")
    listed: list[str] = []
    s3.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2",
        lambda params, **_: listed.append(params["Prefix"]),
    )
    reader = Reader(Format.CAPTURE, window=HOUR, s3=s3)
    profile, reading = read_profile("s3://lake/capture/digits", reader)
    assert (profile.item_count, reading.objects, reading.outside) == (2, 2, 0)
    assert listed == [
        "capture/digits/",
        "capture/digits/main/2026/11/22/10/",
        "capture/digits/other/2026/11/22/10/",
    ]
    with pytest.raises(MonitorError, match="a window is for captures on S3"):
        read_profile("capture/digits", reader)


@mock_aws
def test_records_outside_are_left_out_and_those_without_a_time_told() -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="lake")
    lines = [
        captured("2026-11-22T09:59:59Z"),
        captured("2026-11-22T10:00:00Z", "2"),
        captured("2026-11-22T10:59:59Z", "3"),
        captured("2026-11-22T11:00:00Z"),
        captured(None),
        captured(1795341600),
        captured("2026-11-22T10:30:00"),
        json.dumps({"captureData": {}, "eventMetadata": None}),
    ]
    s3.put_object(Bucket="lake", Key="c/e/v/2026/11/22/10/a.jsonl", Body="".join(lines))
    profile, reading = read_profile("s3://lake/c/e/", Reader(Format.CAPTURE, window=HOUR, s3=s3))
    assert profile.columns["_c0"].distribution.values.tolist() == [2, 3]
    assert reading.outside == 2
    assert (reading.first, reading.last) == (TEN, ELEVEN - timedelta(seconds=1))
    assert reading.lines(HOUR) == ["4 records skipped: no readable eventMetadata.inferenceTime"]


minutes = st.integers(0, 59)
readings = st.builds(
    lambda objects, whys, times: filled(objects, whys, times),
    st.integers(0, 5),
    st.lists(st.sampled_from(["a", "b", "c"])),
    st.lists(minutes),
)


def filled(objects: int, whys: list[str], times: list[int]) -> Reading:
    reading = Reading(objects=objects, rows=len(times), outside=objects * 2)
    for why in whys:
        reading.skip(why)
    for number in times:
        reading.saw(minute(number))
    return reading


@given(st.lists(readings, max_size=5))
def test_parts_of_a_reading_merge_to_the_whole(parts: list[Reading]) -> None:
    merged = Reading()
    for part in parts:
        merged.merge(Reading.from_bytes(part.to_bytes()))
    times: list[Any] = [t for part in parts for t in (part.first, part.last) if t is not None]
    assert merged.objects == sum(part.objects for part in parts)
    assert merged.rows == sum(part.rows for part in parts)
    assert merged.outside == sum(part.outside for part in parts)
    assert (merged.first, merged.last) == ((min(times), max(times)) if times else (None, None))
    for why in "abc":
        assert merged.skipped[why] == sum(part.skipped[why] for part in parts)


def test_what_clients_send_cannot_make_endless_reasons() -> None:
    reading = Reading()
    for number in range(1000):
        reading.skip(f"content type {number}")
    other = Reading()
    other.merge(reading)
    assert len(other.skipped) == 21
    assert other.skipped["other reasons"] == 980
