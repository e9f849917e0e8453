"""Hive column types of a Glue table: their Arrow types, and JSON values read as them.

Which JSON value a deserializer takes for which type follows the developer guide ("Choosing the
JSON deserializer") as far as it says: OpenX reads numbers from strings and writes nested JSON
into string columns, Hive does neither. Integers must be whole and in range; that AWS refuses
rather than wraps or truncates is unconfirmed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

import pyarrow as pa

from penstock.localcloud.workers.firehose.refusal import SettingsError
from penstock.localcloud.workers.firehose.timestamps import read_timestamp

Reader = Callable[[Any], Any]

_INTEGERS = {
    "tinyint": (8, pa.int8()),
    "smallint": (16, pa.int16()),
    "int": (32, pa.int32()),
    "integer": (32, pa.int32()),
    "bigint": (64, pa.int64()),
}
_NAME = re.compile(r"[a-z_]+")
_WHOLE = re.compile(r"[+-]?\d{1,19}")


class ValueMismatchError(ValueError):
    """A JSON value that does not fit its column's type."""


@dataclass(frozen=True)
class HiveType:
    """A type's Arrow form and the function that reads JSON values (never None) as it."""

    arrow: Any
    read: Reader


@dataclass(frozen=True)
class Dialect:
    """What the deserializer tolerates."""

    openx: bool
    case_insensitive: bool = True
    timestamp_formats: tuple[str, ...] = ()


def hive_type(text: str, dialect: Dialect) -> HiveType:
    """The type that `text` names, such as `array<struct<a:int,b:string>>`.

    SettingsError for a type that is unknown or not implemented (binary, uniontype, interval).
    """
    compact = text.replace(" ", "").lower()
    parsed, rest = _parse(compact, dialect, text)
    if rest:
        raise SettingsError(f"column type {text!r} cannot be read from {rest!r} on")
    return parsed


def _parse(text: str, dialect: Dialect, whole: str) -> tuple[HiveType, str]:
    match = _NAME.match(text)
    name = match.group(0) if match else ""
    rest = text[len(name) :]
    if name in _INTEGERS:
        bits, arrow = _INTEGERS[name]
        return HiveType(arrow, _integer(name, bits, dialect)), rest
    if name in ("float", "double"):
        arrow = pa.float32() if name == "float" else pa.float64()
        return HiveType(arrow, _floating(name, dialect)), rest
    if name == "boolean":
        return HiveType(pa.bool_(), _boolean(dialect)), rest
    if name in ("string", "char", "varchar"):
        return HiveType(pa.string(), _string(dialect)), re.sub(r"^\(\d+\)", "", rest)
    if name == "timestamp":
        return HiveType(pa.timestamp("us"), _timestamp(dialect)), rest
    if name == "date":
        return HiveType(pa.date32(), _date), rest
    if name == "decimal":
        return _decimal(rest)
    if name in ("array", "map", "struct") and rest.startswith("<"):
        parsed, rest = _nested(name, rest[1:], dialect, whole)
        if not rest.startswith(">"):
            raise SettingsError(f"column type {whole!r} lacks a closing '>'")
        return parsed, rest[1:]
    raise SettingsError(
        f"column type {whole!r}: {name or text!r} is not implemented in the local cloud"
    )


def _nested(name: str, text: str, dialect: Dialect, whole: str) -> tuple[HiveType, str]:
    if name == "array":
        item, rest = _parse(text, dialect, whole)
        return HiveType(pa.list_(item.arrow), _array(item)), rest
    if name == "map":
        key, rest = _parse(text, dialect, whole)
        value, rest = _parse(rest.removeprefix(","), dialect, whole)
        return HiveType(pa.map_(key.arrow, value.arrow), _map(key, value)), rest
    members: dict[str, HiveType] = {}
    rest = text
    while not rest.startswith(">"):
        member, separator, rest = rest.removeprefix(",").partition(":")
        if not separator:
            raise SettingsError(f"column type {whole!r}: a struct's members are name:type")
        members[member], rest = _parse(rest, dialect, whole)
    arrow = pa.struct([pa.field(key, member.arrow) for key, member in members.items()])
    return HiveType(arrow, _struct(members, dialect)), rest


def json_kind(value: Any) -> str:
    """JSON's name for the type of a value."""
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _mismatch(value: Any, name: str) -> ValueMismatchError:
    return ValueMismatchError(f"{json_kind(value)} {str(value)[:60]!r} is not a {name}")


def _integer(name: str, bits: int, dialect: Dialect) -> Reader:
    limit = 1 << (bits - 1)

    def read(value: Any) -> int:
        number: int
        if type(value) is int:
            number = value
        elif (type(value) is float and value.is_integer()) or (
            dialect.openx and type(value) is str and _WHOLE.fullmatch(value)
        ):
            number = int(value)
        else:
            raise _mismatch(value, name)
        if not -limit <= number < limit:
            raise ValueMismatchError(f"{number} is out of range for a {name}")
        return number

    return read


def _floating(name: str, dialect: Dialect) -> Reader:
    def read(value: Any) -> float:
        if type(value) is float:
            return value
        try:
            if type(value) is int or (dialect.openx and type(value) is str):
                number = float(value)
                if math.isfinite(number):
                    return number
        except (ValueError, OverflowError) as error:
            raise _mismatch(value, name) from error
        raise _mismatch(value, name)

    return read


def _boolean(dialect: Dialect) -> Reader:
    def read(value: Any) -> bool:
        if type(value) is bool:
            return value
        if dialect.openx and value in ("true", "false"):
            return bool(value == "true")
        raise _mismatch(value, "boolean")

    return read


def _string(dialect: Dialect) -> Reader:
    def read(value: Any) -> str:
        if isinstance(value, str):
            text = value
        elif isinstance(value, (dict, list)) and not dialect.openx:
            raise _mismatch(value, "string")
        else:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise ValueMismatchError("half of a surrogate pair is no text") from error
        return text

    return read


def _timestamp(dialect: Dialect) -> Reader:
    def read(value: Any) -> datetime:
        try:
            instant = read_timestamp(value, openx=dialect.openx, formats=dialect.timestamp_formats)
        except (ValueError, OverflowError, OSError) as error:
            raise _mismatch(value, "timestamp") from error
        return instant.astimezone(UTC).replace(tzinfo=None)

    return read


def _date(value: Any) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (ValueError, TypeError) as error:
        raise _mismatch(value, "date (yyyy-MM-dd)") from error


def _decimal(rest: str) -> tuple[HiveType, str]:
    match = re.match(r"\((\d+)(?:,(\d+))?\)", rest)
    precision, scale = (int(match[1]), int(match[2] or 0)) if match else (10, 0)
    if not 1 <= precision <= 38 or scale > precision:
        raise SettingsError(f"decimal({precision},{scale}) is no Hive type: at most 38 digits")
    unit = Decimal(1).scaleb(-scale)

    def read(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise _mismatch(value, "decimal")
        try:
            with localcontext() as context:
                context.prec = 76
                number = Decimal(str(value)).quantize(unit)
        except InvalidOperation as error:
            raise _mismatch(value, "decimal") from error
        if number.adjusted() >= precision - scale and number:
            raise ValueMismatchError(f"{value} does not fit decimal({precision},{scale})")
        return number

    arrow = pa.decimal128(precision, scale)
    return HiveType(arrow, read), rest[match.end() :] if match else rest


def _array(item: HiveType) -> Reader:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _mismatch(value, "array")
        return [None if one is None else item.read(one) for one in value]

    return read


def _map(key: HiveType, item: HiveType) -> Reader:
    def read(value: Any) -> list[tuple[Any, Any]]:
        if not isinstance(value, dict):
            raise _mismatch(value, "map")
        return [(key.read(k), None if v is None else item.read(v)) for k, v in value.items()]

    return read


def _struct(members: dict[str, HiveType], dialect: Dialect) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _mismatch(value, "struct")
        given = {k.lower(): v for k, v in value.items()} if dialect.case_insensitive else value
        return {
            name: None if given.get(name) is None else member.read(given[name])
            for name, member in members.items()
        }

    return read
