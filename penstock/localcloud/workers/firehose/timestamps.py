"""Timestamps in JSON, in the forms that the two deserializers take.

Source: Amazon Data Firehose developer guide, "Choosing the JSON deserializer". Numbers of at
least 10^11 are taken for milliseconds (in seconds that would be the year 5138).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z")
_SQL = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_MILLISECONDS_FROM = 10**11
# Joda-Time pattern letters and their strptime form
_JODA = {
    **{"yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%m", "MMM": "%b", "MMMM": "%B"},
    **{"dd": "%d", "d": "%d", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "a": "%p"},
    **{"mm": "%M", "ss": "%S", "SSS": "%f", "SSSSSS": "%f", "Z": "%z", "ZZ": "%z"},
    **{"EEE": "%a", "EEEE": "%A", "DDD": "%j"},
}
_JODA_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def read_timestamp(value: Any, *, openx: bool, formats: tuple[str, ...] = ()) -> datetime:
    """The instant that a JSON value means, in UTC. ValueError when it means none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a timestamp")
    if openx:
        if isinstance(value, str):
            match = _ISO.fullmatch(value) or _SQL.fullmatch(value)
            if match:
                return _from_match(match)
            if not _NUMBER.fullmatch(value):
                raise ValueError("not a timestamp")
            value = float(value)
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    return _by_formats(value, formats)


def _by_formats(value: float | str, formats: tuple[str, ...]) -> datetime:
    """Hive: the given formats in turn, else java.sql.Timestamp.valueOf."""
    for form in formats:
        if form == "millis":
            if not isinstance(value, str):
                return datetime.fromtimestamp(value / 1000, UTC)
            continue
        try:
            parsed = datetime.strptime(str(value), _strptime(form))
        except ValueError:
            continue
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    match = _SQL.fullmatch(value) if isinstance(value, str) else None
    if formats or match is None:
        raise ValueError("not a timestamp in any of the formats")
    return _from_match(match)


def _from_match(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    micros = int((match.group(7) or "0").ljust(9, "0")[:6])
    return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)


def _strptime(pattern: str) -> str:
    parts = []
    for match in _JODA_PART.finditer(pattern):
        text = match.group(0)
        if text.startswith("'"):
            parts.append(match.group(1).replace("''", "'").replace("%", "%%"))
        elif match.group(2):
            if text not in _JODA:
                raise ValueError(f"the format's {text!r} is not implemented in the local cloud")
            parts.append(_JODA[text])
        else:
            parts.append(text.replace("%", "%%"))
    return "".join(parts)
