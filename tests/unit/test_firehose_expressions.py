"""Prefix expressions: what they evaluate to, and which combinations are refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from penstock.localcloud.workers.firehose.expressions import (
    Prefix,
    format_java,
    prefixes,
    time_zone,
)
from penstock.localcloud.workers.firehose.refusal import SettingsError

INSTANT = datetime(2018, 8, 7, 9, 5, 3, 123456, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy/MM/dd/HH/", "2018/08/07/09/"),
        ("yy-M-d-H-m-s", "18-8-7-9-5-3"),
        ("DDD", "219"),
        ("D", "219"),
        ("MMM MMMM", "Aug August"),
        ("EEE EEEE", "Tue Tuesday"),
        ("hh a", "09 AM"),
        ("HH:mm:ss.SSS", "09:05:03.123"),
        ("YYYY-ww", "2018-32"),
        ("'year='yyyy'/month='MM", "year=2018/month=08"),
        ("yyyy''MM", "2018'08"),
        ("'it''s' yyyy", "it's 2018"),
        ("uuuu", "2018"),
        ("XXX", "Z"),
    ],
)
def test_java_patterns(pattern: str, expected: str) -> None:
    assert format_java(INSTANT, pattern) == expected


def test_hours_in_twelve_hour_form_and_offsets() -> None:
    evening = INSTANT.replace(hour=0).astimezone(ZoneInfo("America/New_York"))
    assert format_java(evening, "dd hh a XXX Z") == "06 08 PM -04:00 -0400"


@pytest.mark.parametrize("pattern", ["VV", "yyyy'open", "yyyyq"])
def test_a_pattern_that_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(pattern)):
        format_java(INSTANT, pattern)


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "expected", "expected_error"),
    [
        ("", None, "2018/08/07/09/", "processing-failed/2018/08/07/09/"),
        ("", "bad/!{firehose:error-output-type}/", "2018/08/07/09/", "bad/processing-failed/"),
        ("raw/", None, "raw/2018/08/07/09/", "raw/processing-failed/2018/08/07/09/"),
        (
            "p/year=!{timestamp:yyyy}/day=!{timestamp:dd}/",
            "e/!{timestamp:'year='yyyy'/month='MM'/'}!{firehose:error-output-type}",
            "p/year=2018/day=07/",
            "e/year=2018/month=08/processing-failed",
        ),
        ("raw/", "failed/", "raw/2018/08/07/09/", "failed/"),
    ],
)
def test_effective_prefixes(
    prefix: str, error_prefix: str | None, expected: str, expected_error: str
) -> None:
    data, errors = prefixes(prefix, error_prefix)
    assert data.evaluate(INSTANT) == expected
    assert errors.evaluate(INSTANT, error_type="processing-failed") == expected_error


def test_a_random_string_has_eleven_characters_and_is_new_each_time() -> None:
    text = "!{firehose:random-string}"
    data, _ = prefixes(f"{text}/{text}/", "e/!{firehose:error-output-type}/")
    first, second, _ = data.evaluate(INSTANT).split("/", 2)
    assert len(first) == len(second) == 11
    assert first != second


def test_partition_keys_are_put_in() -> None:
    data, _ = prefixes(
        "c=!{partitionKeyFromLambda:customer}/!{timestamp:yyyy}/",
        "e/!{firehose:error-output-type}/",
        dynamic_partitioning=True,
    )
    assert data.evaluate(INSTANT, keys={"customer": "a"}) == "c=a/2018/"


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "dynamic", "reason"),
    [
        ("!{timestamp:yyyy}", None, False, "cannot be null"),
        ("!{firehose:error-output-type}", "e/!{firehose:error-output-type}", False, "not contain"),
        ("a", "e/!{timestamp:yyyy}/", False, "must contain"),
        ("!{partitionKeyFromLambda:k}", "e/!{firehose:error-output-type}", False, "without"),
        ("a", "e/!{firehose:error-output-type}", True, "needs a partition key"),
        (
            "!{partitionKeyFromLambda:k}",
            "!{partitionKeyFromLambda:k}!{firehose:error-output-type}",
            True,
            "may not use partition keys",
        ),
        ("!{partitionKeyFromQuery:k}", "!{firehose:error-output-type}", True, "jq"),
        ("!{weather:rain}", "!{firehose:error-output-type}", False, "'weather' is not a namespace"),
        ("!{firehose:other}", "!{firehose:error-output-type}", False, "random-string"),
        ("a/!{timestamp:yyyy", None, False, "may only begin an expression"),
    ],
)
def test_broken_rules_are_refused(
    prefix: str, error_prefix: str | None, dynamic: bool, reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        prefixes(prefix, error_prefix, dynamic_partitioning=dynamic)


def test_an_evaluated_prefix_over_512_characters_is_refused() -> None:
    with pytest.raises(SettingsError, match="more than 512"):
        Prefix("x" * 513).evaluate(INSTANT)


def test_time_zones() -> None:
    assert time_zone("") is UTC
    local = INSTANT.astimezone(time_zone("Asia/Tokyo"))
    assert Prefix("!{timestamp:HH}").evaluate(local) == "18"
    with pytest.raises(SettingsError, match="Moon/Tycho"):
        time_zone("Moon/Tycho")
