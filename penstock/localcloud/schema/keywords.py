"""Checks a value against one part of a resource schema, keyword by keyword.

The keywords are JSON Schema's and those that the CloudFormation registry adds to them (schema
of the CloudFormation CLI's user guide, "Resource type schema"). Formats, relations between
resources and keywords of which only cfn-lint knows are not looked at. Rules have the numbers
that cfn-lint gives them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.localcloud.cloudformation.intrinsics import canonical, text_of
from penstock.localcloud.schema.schemas import ResourceSchema
from penstock.localcloud.schema.values import NO_VALUE, Step, branches, has_type, is_known
from penstock.localcloud.schema.violation import Violation

Path = tuple[Step, ...]
Part = Mapping[str, Any]
_NAMED_AT_MOST = 12


class Keywords:
    """The checks of one type's schema."""

    def __init__(self, schema: ResourceSchema) -> None:
        self._schema = schema

    def violations(self, part: Part, value: Any, path: Path) -> Iterator[Violation]:
        """What is wrong with a value, and with everything inside of it."""
        part = self._schema.resolved(part)
        for known, where in branches(value, path):
            wrong = list(_typed(part, known, where))
            if wrong:
                yield from wrong
                continue
            yield from _enumerated(part, known, where)
            yield from self._combined(part, known, where)
            if isinstance(known, dict):
                yield from self._object(part, known, where)
            elif isinstance(known, list):
                yield from self._list(part, known, where)
            else:
                yield from _scalar(part, known, where)

    def _combined(self, part: Part, value: Any, path: Path) -> Iterator[Violation]:
        for each in part.get("allOf", []):
            yield from self.violations(each, value, path)
        if "if" in part and is_known(value):
            holds = not any(self.violations(part["if"], value, path))
            yield from self.violations(part.get("then" if holds else "else", {}), value, path)
        for keyword, rule in (("anyOf", "E3017"), ("oneOf", "E3018")):
            if keyword not in part:
                continue
            # of several that hold, oneOf would refuse; which do is only known once all is resolved
            tried = [list(self.violations(each, value, path)) for each in part[keyword]]
            if all(tried):
                nearest = min(tried, key=lambda found: (-len(found[0].path), len(found)))
                wanted = "; or ".join(dict.fromkeys(found[0].said for found in tried))
                deeper = len(nearest[0].path) > len(path)
                yield nearest[0] if deeper else Violation(path, rule, wanted)

    def _object(self, part: Part, value: dict[str, Any], path: Path) -> Iterator[Violation]:
        known = part.get("properties", {})
        patterns = part.get("patternProperties", {})
        for name, item in value.items():
            fitting = [each for pattern, each in patterns.items() if _matches(pattern, name)]
            if name in known:
                yield from self.violations(known[name], item, (*path, name))
            elif fitting:
                for each in fitting:
                    yield from self.violations(each, item, (*path, name))
            elif part.get("additionalProperties") is False and (known or patterns):
                allowed = sorted(known) or sorted(patterns)
                yield Violation(
                    (*path, name), "E3002", f"there is no such property; {_names(allowed, name)}"
                )
            elif isinstance(part.get("additionalProperties"), dict):
                yield from self.violations(part["additionalProperties"], item, (*path, name))
        yield from _together(part, value, path)

    def _list(self, part: Part, value: list[Any], path: Path) -> Iterator[Violation]:
        for number, item in enumerate(value):
            if "items" in part:
                yield from self.violations(part["items"], item, (*path, number))
        for number, (each, item) in enumerate(
            zip(part.get("prefixItems", []), value, strict=False)
        ):
            yield from self.violations(each, item, (*path, number))
        if any(isinstance(item, dict) and "Fn::If" in item for item in value) or NO_VALUE in value:
            return  # how many there are is not known
        for keyword, wrong in (("minItems", len(value).__lt__), ("maxItems", len(value).__gt__)):
            if keyword in part and wrong(part[keyword]):
                said = f"{len(value)} items, {_BOUNDS[keyword]} {part[keyword]} allowed"
                yield Violation(path, "E3032", said)
        if part.get("uniqueItems") and is_known(value):
            texts = [canonical(item) for item in value]
            for number, text in enumerate(texts):
                if text in texts[:number]:
                    yield Violation((*path, number), "E3037", f"{_short(value[number])} again")


def _typed(part: Part, value: Any, path: Path) -> Iterator[Violation]:
    types = part.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(has_type(value, type_) for type_ in types):
        yield Violation(path, "E3012", f"{_short(value)} must be {' or '.join(types)}")


def _enumerated(part: Part, value: Any, path: Path) -> Iterator[Violation]:
    if isinstance(value, dict | list):
        return
    allowed = [part["const"]] if "const" in part else part.get("enum")
    if allowed is not None and text_of(value) not in map(text_of, allowed):
        yield Violation(path, "E3030", f"{_short(value)} is not allowed; {_names(allowed, value)}")
    folded = part.get("enumCaseInsensitive")
    if folded is not None and text_of(value).lower() not in (text_of(v).lower() for v in folded):
        yield Violation(path, "E3030", f"{_short(value)} is not allowed; {_names(folded, value)}")


_BOUNDS = {"minItems": "at least", "maxItems": "at most"}


def _scalar(part: Part, value: Any, path: Path) -> Iterator[Violation]:
    text = text_of(value)
    if "pattern" in part and not _matches(part["pattern"], text):
        yield Violation(path, "E3031", f"{_short(value)} must match {part['pattern']}")
    length = len(text)
    if length < part.get("minLength", 0) or length > part.get("maxLength", length):
        most = part.get("maxLength", "any number of")
        said = f"{length} characters, {part.get('minLength', 0)} to {most} allowed"
        yield Violation(path, "E3033", said)
    if has_type(value, "number"):
        number = float(value)
        for keyword, is_wrong in (
            ("minimum", number.__lt__),
            ("maximum", number.__gt__),
            ("exclusiveMinimum", number.__le__),
            ("exclusiveMaximum", number.__ge__),
        ):
            if keyword in part and is_wrong(float(part[keyword])):
                yield Violation(path, "E3034", f"{text} is past its {keyword} {part[keyword]}")


def _together(part: Part, value: dict[str, Any], path: Path) -> Iterator[Violation]:
    """Which properties must be there, or not, because of others."""
    there = {name for name, item in value.items() if item != NO_VALUE}
    for name in part.get("required", []):
        if name not in there:
            yield Violation(path, "E3003", f"{name} is missing; required: {_list_of(part)}")
    for keyword in ("dependentRequired", "dependencies"):
        for name, needed in part.get(keyword, {}).items():
            missing = sorted(set(needed) - there) if name in there else []
            if missing:
                said = f"{', '.join(missing)} must be given with {name}"
                yield Violation((*path, name), "E3021", said)
    for name, others in part.get("dependentExcluded", {}).items():
        extra = sorted(there.intersection(others)) if name in there else []
        if extra:
            said = f"{', '.join(extra)} must not be given with {name}"
            yield Violation((*path, name), "E3020", said)
    # of properties that a condition leaves out, one must be there in each case: not looked at
    if "requiredOr" in part and not there.intersection(part["requiredOr"]):
        yield Violation(path, "E3058", f"one of {', '.join(part['requiredOr'])} must be given")
    if "requiredXor" in part:
        given = [name for name in part["requiredXor"] if name in there]
        certain = [n for n in given if not (isinstance(value[n], dict) and "Fn::If" in value[n])]
        if not given or len(certain) > 1:
            said = f"exactly one of {', '.join(part['requiredXor'])} must be given"
            yield Violation(path, "E3014", said)


def _list_of(part: Part) -> str:
    return ", ".join(part["required"])


def _matches(pattern: str, text: str) -> bool:
    """Whether text holds the pattern; one in a dialect that Python lacks is not looked at."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


def _names(allowed: list[Any], given: Any) -> str:
    """What is allowed: all of it when that is short, otherwise what is nearest."""
    texts = [text_of(item) for item in allowed]
    if len(texts) <= _NAMED_AT_MOST:
        return f"allowed: {', '.join(texts)}"
    near = difflib.get_close_matches(text_of(given), texts, n=3) or texts[:3]
    return f"allowed: {', '.join(near)} and {len(texts) - len(near)} more"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
