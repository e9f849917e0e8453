"""The Condition element of a statement, and whether a request meets it.

Source: IAM user guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple
context keys or values" and "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from penstock.localcloud.authorization.errors import NotUnderstoodError, PolicyError
from penstock.localcloud.authorization.keys import UNKNOWN, is_known
from penstock.localcloud.authorization.operators import OPERATORS
from penstock.localcloud.authorization.variables import Context, Text

_QUALIFIERS = ("ForAllValues", "ForAnyValue")


@dataclass(frozen=True)
class Test:
    """One operator on one key; its values are alternatives."""

    written: str
    operator: str
    key: str
    values: tuple[Text, ...]
    qualifier: str = ""
    if_exists: bool = False

    def holds(self, context: Context) -> bool:
        """Raises NotUnderstoodError if the outcome on AWS is not known here."""
        found = context.get(self.key)
        if found == UNKNOWN or (found is None and not is_known(self.key)):
            raise NotUnderstoodError(f"condition key {self.key} is not known to the local cloud")
        if self.operator == "Null":
            return self._null(found)
        operator = OPERATORS.get(self.operator)
        if operator is None:
            raise NotUnderstoodError(f"condition operator {self.written} is not known")
        # in sets an empty string counts as no value
        if not found or (self.qualifier and found == ("",)):
            return self._without_value(operator.negated)
        if self.qualifier == "ForAllValues":
            return all(self._one(value, context) for value in found)
        if self.qualifier == "ForAnyValue":
            return any(self._one(value, context) for value in found)
        if len(found) > 1:
            raise NotUnderstoodError(
                f"condition key {self.key} has several values: it needs ForAllValues or ForAnyValue"
            )
        return self._one(found[0], context)

    def _one(self, value: str, context: Context) -> bool:
        """One value of the request: a match with any, or for a negated operator with none."""
        operator = OPERATORS[self.operator]
        outcomes = [operator.compare(value, wanted, context) for wanted in self.values]
        if not operator.negated:
            return any(outcomes)
        if None in outcomes and not any(outcomes):
            raise NotUnderstoodError(
                f"{self.written} on {self.key} takes a variable that the request has no value for"
            )
        return not any(outcomes)

    def _without_value(self, negated: bool) -> bool:
        if self.qualifier == "ForAllValues":
            return True
        if self.qualifier == "ForAnyValue":
            if self.if_exists:
                # the guide calls a missing key true with IfExists and false with ForAnyValue
                raise NotUnderstoodError(
                    f"{self.written} on {self.key}, which the request does not have"
                )
            return False
        return self.if_exists or negated

    def _null(self, found: tuple[str, ...] | None) -> bool:
        wanted = {value.written.lower() for value in self.values}
        if self.if_exists or self.qualifier or not wanted <= {"true", "false"}:
            raise NotUnderstoodError(f"{self.written} on {self.key} with {sorted(wanted)}")
        return ("false" if found else "true") in wanted


@dataclass(frozen=True)
class Conditions:
    """All tests of a statement: every one must hold."""

    tests: tuple[Test, ...] = ()

    @classmethod
    def parse(cls, element: Any, *, variables: bool) -> Conditions:
        """Raises PolicyError if the element is not operators with keys and values."""
        if not isinstance(element, Mapping):
            raise PolicyError(f"Condition must be an object, not {element!r}")
        return cls(
            tuple(
                _test(written, key, values, variables)
                for written, keys in element.items()
                for key, values in _keys(written, keys).items()
            )
        )

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys that they look at, in lower case."""
        found = {test.key for test in self.tests}
        return frozenset(found.union(*(value.keys for t in self.tests for value in t.values)))

    def hold(self, context: Context) -> bool:
        """Raises NotUnderstoodError if what is understood holds and something else is not."""
        doubt: NotUnderstoodError | None = None
        for test in self.tests:
            try:
                if not test.holds(context):
                    return False
            except NotUnderstoodError as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return True


def _keys(written: str, keys: Any) -> Mapping[str, Any]:
    if not isinstance(keys, Mapping):
        raise PolicyError(f"Condition {written} must be an object, not {keys!r}")
    return keys


def _test(written: str, key: str, values: Any, variables: bool) -> Test:
    qualifier, colon, name = written.rpartition(":")
    if colon and qualifier not in _QUALIFIERS:
        qualifier, name = "", written  # an operator that nobody knows
    texts = tuple(
        Text.parse(_scalar(written, value), variables=variables)
        for value in (values if isinstance(values, list) else [values])
    )
    return Test(
        written=written,
        operator=name.removesuffix("IfExists"),
        key=key.lower(),
        values=texts,
        qualifier=qualifier,
        if_exists=name.endswith("IfExists"),
    )


def _scalar(written: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise PolicyError(f"Condition {written} has the value {value!r}: only strings, numbers")
    return str(value)
