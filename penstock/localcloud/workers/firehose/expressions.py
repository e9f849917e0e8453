"""Prefixes of S3 objects: `!{timestamp:...}`, `!{firehose:...}` and partition keys, evaluated.

Source of the rules: Amazon Data Firehose developer guide, "Custom prefixes for Amazon S3
objects"; CustomTimeZone and FileExtension: botocore 1.44.5 firehose model.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from penstock.localcloud.workers.firehose.refusal import SettingsError

DEFAULT_TIMESTAMP = "!{timestamp:yyyy/MM/dd/HH/}"
ERROR_TYPE = "!{firehose:error-output-type}"
EVALUATED_LIMIT = 512

_EXPRESSION = re.compile(r"!\{([^:{}]*):([^{}]*)\}")
_PATTERN_PART = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Prefix:
    """A prefix in its source form; evaluate it once per object."""

    text: str

    def evaluate(
        self,
        instant: datetime,
        *,
        error_type: str = "",
        keys: Mapping[str, str] | None = None,
    ) -> str:
        """The prefix for an object whose oldest record arrived at `instant`.

        `instant` is in the time zone that the result shall show. SettingsError when the result
        is longer than 512 characters.
        """

        def value(match: re.Match[str]) -> str:
            namespace, argument = match.groups()
            if namespace == "timestamp":
                return format_java(instant, argument)
            if namespace == "firehose":
                return error_type if argument == "error-output-type" else str(uuid.uuid4())[:11]
            return (keys or {})[argument]

        evaluated = _EXPRESSION.sub(value, self.text)
        if len(evaluated) > EVALUATED_LIMIT:
            raise SettingsError(
                f"the evaluated prefix has {len(evaluated)} characters, more than "
                f"{EVALUATED_LIMIT}: {self.text!r}"
            )
        return evaluated

    def namespaces(self) -> set[tuple[str, str]]:
        """The expressions in it, as (namespace, value)."""
        return {(m.group(1), m.group(2)) for m in _EXPRESSION.finditer(self.text)}


def prefixes(
    prefix: str, error_prefix: str | None, *, dynamic_partitioning: bool = False
) -> tuple[Prefix, Prefix]:
    """The effective prefixes for records and for errors. SettingsError for a broken rule."""
    _check_expressions("Prefix", prefix)
    _check_expressions("ErrorOutputPrefix", error_prefix or "")
    used = Prefix(prefix).namespaces()
    used_for_errors = Prefix(error_prefix or "").namespaces()
    if ("firehose", "error-output-type") in used:
        raise SettingsError(f"Prefix {prefix!r} may not contain {ERROR_TYPE}")
    keys = {value for namespace, value in used if namespace.startswith("partitionKey")}
    if keys and not dynamic_partitioning:
        raise SettingsError(f"Prefix {prefix!r} uses partition keys without dynamic partitioning")
    if dynamic_partitioning and not keys:
        raise SettingsError(f"dynamic partitioning needs a partition key in Prefix {prefix!r}")
    if any(namespace.startswith("partitionKey") for namespace, _ in used_for_errors):
        raise SettingsError(f"ErrorOutputPrefix {error_prefix!r} may not use partition keys")
    if used and not error_prefix:
        raise SettingsError(
            f"ErrorOutputPrefix cannot be null when Prefix contains expressions: {prefix!r}"
        )
    if used_for_errors and ("firehose", "error-output-type") not in used_for_errors:
        raise SettingsError(f"ErrorOutputPrefix {error_prefix!r} must contain {ERROR_TYPE}")
    has_time = any(namespace == "timestamp" for namespace, _ in used)
    # the page's rule and its example differ by a slash before the error type; the example's
    # folder is what the error-output-type table shows, so a slash follows the type
    effective_errors = error_prefix or f"{prefix}{ERROR_TYPE}/{DEFAULT_TIMESTAMP}"
    effective = prefix if has_time else prefix + DEFAULT_TIMESTAMP
    return Prefix(effective), Prefix(effective_errors)


def time_zone(name: str) -> tzinfo:
    """The zone of CustomTimeZone (UTC when empty). SettingsError for an unknown one."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"CustomTimeZone {name!r} is not a known time zone") from error


def format_java(instant: datetime, pattern: str) -> str:
    """`instant` by a pattern of java.time's DateTimeFormatter (English names, ISO weeks)."""
    parts: list[str] = []
    for match in _PATTERN_PART.finditer(pattern):
        text = match.group(0)
        if match.group(1):
            parts.append(_field(instant, text[0], len(text), pattern))
        elif text == "''":
            parts.append("'")
        elif text == "'":
            raise SettingsError(f"timestamp pattern {pattern!r} has a quote that is not closed")
        elif text.startswith("'"):
            parts.append(text[1:-1].replace("''", "'"))
        else:
            parts.append(text)
    return "".join(parts)


def _field(instant: datetime, letter: str, width: int, pattern: str) -> str:
    if letter in "yuY":
        year = instant.isocalendar().year if letter == "Y" else instant.year
        return f"{year % 100:02}" if width == 2 else f"{year:0{width}}"
    if letter in "ML" and width >= 3:
        return _MONTHS[instant.month - 1][: 3 if width == 3 else None]
    if letter == "E":
        return _DAYS[instant.weekday()][: 3 if width <= 3 else None]
    if letter == "a":
        return "AM" if instant.hour < 12 else "PM"
    if letter == "S":
        return f"{instant.microsecond:06}"[:width].ljust(width, "0")
    if letter in "XxZ":
        return _offset(instant, letter, width)
    numbers: dict[str, Callable[[], int]] = {
        "M": lambda: instant.month,
        "L": lambda: instant.month,
        "d": lambda: instant.day,
        "D": lambda: instant.timetuple().tm_yday,
        "H": lambda: instant.hour,
        "k": lambda: instant.hour or 24,
        "K": lambda: instant.hour % 12,
        "h": lambda: instant.hour % 12 or 12,
        "m": lambda: instant.minute,
        "s": lambda: instant.second,
        "w": lambda: instant.isocalendar().week,
        "e": lambda: instant.isoweekday(),
    }
    if letter not in numbers:
        raise SettingsError(
            f"timestamp pattern {pattern!r} uses {letter!r}, which the local cloud does not "
            "evaluate: use y, M, d, D, H, h, m, s, S, E, a or a quoted text"
        )
    return f"{numbers[letter]():0{width}}"


def _offset(instant: datetime, letter: str, width: int) -> str:
    text = instant.strftime("%z") or "+0000"
    if letter == "X" and text == "+0000":
        return "Z"
    if letter in "Xx" and width == 1 and text.endswith("00"):
        return text[:3]
    return f"{text[:3]}:{text[3:]}" if letter in "Xx" and width in (3, 5) else text


def _check_expressions(field: str, text: str) -> None:
    if "!{" in _EXPRESSION.sub("", text):
        raise SettingsError(
            f"{field} {text!r}: '!{{' may only begin an expression !{{namespace:value}}"
        )
    for namespace, value in Prefix(text).namespaces():
        if namespace == "timestamp":
            format_java(datetime(2018, 8, 27, 10, 30, tzinfo=UTC), value)
        elif namespace == "firehose":
            if value not in ("random-string", "error-output-type"):
                raise SettingsError(
                    f"{field} {text!r}: firehose:{value} is neither random-string nor "
                    "error-output-type"
                )
        elif namespace == "partitionKeyFromQuery":
            raise SettingsError(
                f"{field} {text!r}: partition keys by jq query are not implemented in the local "
                "cloud; return them from the Lambda processor (partitionKeyFromLambda)"
            )
        elif namespace != "partitionKeyFromLambda":
            raise SettingsError(f"{field} {text!r}: {namespace!r} is not a namespace")
