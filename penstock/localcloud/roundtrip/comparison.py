"""Compares what a template asks of a resource with what the service says of it, by property."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from penstock.localcloud.cloudformation.intrinsics import text_of

# by what the items of a list of objects are told apart, whatever their order
_IDENTITIES = ("Key", "Id", "Sid", "PolicyName", "VariantName", "AttributeName", "Name")


class Verdict(StrEnum):
    """How a property came back."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_GIVEN_BACK = "not given back"  # no API of the service shows it


@dataclass(frozen=True)
class PropertyResult:
    """One property of one resource; `said` is the reason where it is not given back."""

    path: str
    verdict: Verdict
    asked: Any
    there: Any = None
    said: str = ""


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


def compare(
    asked: Mapping[str, Any], there: Mapping[str, Any], not_given_back: Mapping[str, str]
) -> list[PropertyResult]:
    """Every property of `asked` against the same one of `there`; what only `there` has is not
    looked at, as a template need not say it.

    Numbers and booleans equal their text, names may begin in another case, JSON texts are
    compared as what they say, lists of named things whatever their order. `not_given_back`
    has reasons by path, written like `Code.S3Key` and `Rules[].Id`.
    """
    return list(_compared(asked, there, "", not_given_back))


def _compared(
    asked: Any, there: Any, path: str, not_given_back: Mapping[str, str]
) -> Iterator[PropertyResult]:
    if path in not_given_back:
        yield PropertyResult(path, Verdict.NOT_GIVEN_BACK, asked, said=not_given_back[path])
    elif isinstance(there, datetime):
        yield _leaf(path, asked, there, _moment(asked) == there)
    elif _is_document(asked) or _is_document(there):
        yield _leaf(path, asked, there, _plain(asked) == _plain(there))
    elif isinstance(asked, dict) and asked and (isinstance(there, dict) or there is NOTHING):
        for name, item in asked.items():
            inner = _member(there, name) if isinstance(there, dict) else NOTHING
            yield from _compared(item, inner, f"{path}.{name}" if path else name, not_given_back)
    elif isinstance(asked, list) and asked and isinstance(there, list) and _is_objects(asked):
        for item, other in _paired(asked, there):
            yield from _compared(item, other, f"{path}[]", not_given_back)
        if len(there) > len(asked):
            yield PropertyResult(f"{path}[]", Verdict.DIFFERENT, NOTHING, there)
    else:
        yield _leaf(path, asked, there, _plain(asked) == _plain(there))


def _leaf(path: str, asked: Any, there: Any, is_equal: bool) -> PropertyResult:
    verdict = Verdict.EQUAL if is_equal else Verdict.DIFFERENT
    return PropertyResult(path, verdict, asked, there)


def _member(there: dict[str, Any], name: str) -> Any:
    if name in there:
        return there[name]
    folded = {key.lower(): value for key, value in there.items()}
    return folded.get(name.lower(), NOTHING)


def _is_objects(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _paired(asked: list[Any], there: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each item that was asked for with its counterpart: by name, otherwise by position."""
    for name in _IDENTITIES:
        if all(name in item for item in [*asked, *there] if isinstance(item, dict)):
            by_name = {text_of(item[name]): item for item in there if isinstance(item, dict)}
            yield from ((item, by_name.get(text_of(item[name]), NOTHING)) for item in asked)
            return
    for number, item in enumerate(asked):
        yield item, there[number] if number < len(there) else NOTHING


def _is_document(value: Any) -> bool:
    """A policy or another JSON text: compared as a whole."""
    if isinstance(value, dict):
        return "Statement" in value
    return isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and _loaded(value) != value


def _moment(asked: Any) -> datetime | None:
    """A time as a template writes it: ISO 8601, or seconds since 1970."""
    text = text_of(asked)
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(float(text), UTC) if text.isdigit() else None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    """A value in which equal things look the same."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        loaded = _loaded(value)
        if not isinstance(loaded, str):
            return _plain(loaded)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if value is NOTHING else text_of(value)
