"""Condition operators: what holds, what does not, and what a missing key means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.localcloud.authorization.conditions import Conditions
from penstock.localcloud.authorization.errors import NotUnderstoodError
from penstock.localcloud.authorization.operators import OPERATORS

# a key of which requests here know whether they have it
KEY = "aws:PrincipalTag/x"
ARN = "arn:aws:sns:us-east-1:123456789012:alerts"


def holds(operator: str, wanted: Any, *values: str, absent: bool = False, **more: str) -> bool:
    """Whether the operator holds for a request with these values of the key."""
    context = {"aws:principaltag/" + key: (value,) for key, value in more.items()}
    if not absent:
        context[KEY.lower()] = values
    return Conditions.parse({operator: {KEY: wanted}}, variables=True).hold(context)


@pytest.mark.parametrize(
    ("operator", "wanted", "yes", "no"),
    [
        ("StringEquals", "Blue", "Blue", "blue"),
        ("StringEquals", "b*", "b*", "blue"),
        ("StringEqualsIgnoreCase", "Blue", "bLUE", "green"),
        ("StringLike", "b?u*", "blue", "bue"),
        ("StringLike", "b*", "b", "ab"),
        ("StringLike", "*", "", None),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericEquals", 10, "10", "1"),
        ("NumericLessThan", "10", "9", "10"),
        ("NumericLessThanEquals", "10", "10", "10.5"),
        ("NumericGreaterThan", "-1", "0", "-1"),
        ("NumericGreaterThanEquals", "9", "10", "8"),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-02"),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("DateLessThan", "2026-01-01", "2025-12-31", "2026-01-01"),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01", "2026-01-02"),
        ("DateGreaterThan", "2026-01-01", "2026-01-02", "2026-01-01"),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", "2025-12-31"),
        ("Bool", "true", "true", "false"),
        ("Bool", False, "false", "true"),
        ("Bool", "False", "false", "true"),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "QmluYXJ6"),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", "203.0.114.7"),
        ("IpAddress", "203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", "203.0.113.7"),
        ("ArnEquals", ARN, ARN, ARN + "2"),
        ("ArnEquals", "arn:aws:sns:*:*:alerts", ARN, ARN + "2"),
        ("ArnLike", "arn:aws:*:alerts:*:*", "arn:aws:a:alerts:b:c", ARN),
        ("ArnLike", "arn:aws:sns:us-east-?:123456789012:*", ARN, "none"),
        ("ArnLike", "arn:*:*:*:*:*", ARN, "arn:aws"),
        # the example of the IAM user guide: a wildcard does not leave its component
        (
            "ArnLike",
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:111122223333:finance/a:b",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/d.txt",
        ),
    ],
)
def test_an_operator_and_its_negation(operator: str, wanted: Any, yes: str, no: str | None) -> None:
    assert holds(operator, wanted, yes)
    negated = {
        "StringEquals": "StringNotEquals",
        "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
        "StringLike": "StringNotLike",
        "NumericEquals": "NumericNotEquals",
        "DateEquals": "DateNotEquals",
        "IpAddress": "NotIpAddress",
        "ArnEquals": "ArnNotEquals",
        "ArnLike": "ArnNotLike",
    }.get(operator)
    if negated:
        assert not holds(negated, wanted, yes)
    if no is not None:
        assert not holds(operator, wanted, no)
        if negated:
            assert holds(negated, wanted, no)


def test_values_are_alternatives_and_a_negated_operator_wants_none_of_them() -> None:
    assert holds("StringEquals", ["a", "b"], "b")
    assert not holds("StringNotEquals", ["a", "b"], "b")
    assert holds("StringNotEquals", ["a", "b"], "c")


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_a_missing_key_meets_only_negated_operators_and_if_exists(operator: str) -> None:
    negated = "Not" in operator
    assert holds(operator, "x", absent=True) is negated
    assert holds(operator + "IfExists", "x", absent=True)


def test_if_exists_compares_a_key_that_is_there() -> None:
    assert holds("StringEqualsIfExists", "a", "a")
    assert not holds("StringEqualsIfExists", "a", "b")


@pytest.mark.parametrize("wanted", ["true", True])
def test_null_asks_for_the_key_itself(wanted: Any) -> None:
    assert holds("Null", wanted, absent=True)
    assert not holds("Null", wanted, "a")
    assert holds("Null", "false", "a")
    assert not holds("Null", "false", absent=True)


@pytest.mark.parametrize(
    ("values", "all_like", "any_like", "all_unlike", "any_unlike"),
    [
        (("a", "b"), True, True, False, False),
        (("a", "z"), False, True, False, True),
        (("y", "z"), False, False, True, True),
        ((), True, False, True, False),
        (("",), True, False, True, False),  # an empty data set, such as an empty string
    ],
)
def test_sets(
    values: tuple[str, ...], all_like: bool, any_like: bool, all_unlike: bool, any_unlike: bool
) -> None:
    wanted = ["a", "b"]
    assert holds("ForAllValues:StringEquals", wanted, *values) is all_like
    assert holds("ForAnyValue:StringEquals", wanted, *values) is any_like
    assert holds("ForAllValues:StringNotEquals", wanted, *values) is all_unlike
    assert holds("ForAnyValue:StringNotEquals", wanted, *values) is any_unlike


def test_sets_without_the_key() -> None:
    assert holds("ForAllValues:StringEquals", "a", absent=True)
    assert holds("ForAllValues:StringNotEqualsIfExists", "a", absent=True)
    assert not holds("ForAnyValue:StringEquals", "a", absent=True)
    assert not holds("ForAnyValue:StringNotEquals", "a", absent=True)


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "says"),
    [
        ("StringMatches", "a", ("a",), "condition operator StringMatches is not known"),
        ("ForSomeValues:StringEquals", "a", ("a",), "ForSomeValues:StringEquals is not known"),
        ("StringEquals", ["a", "b"], ("a", "b"), "needs ForAllValues or ForAnyValue"),
        ("NumericEquals", "ten", ("10",), "no number"),
        ("NumericEquals", "${aws:PrincipalTag/y}", ("10",), "no number"),
        ("DateLessThan", "soon", ("2026-01-01",), "'soon' is no date"),
        ("IpAddress", "10.0.0.0/40", ("10.0.0.1",), "no range of addresses"),
        ("BinaryEquals", "%", ("QQ==",), "not base64"),
        ("Bool", "yes", ("true",), "neither true nor false"),
        ("ArnLike", "*", (ARN,), "not an ARN of six components"),
        ("ForAnyValue:StringEqualsIfExists", "a", (), "which the request does not have"),
        ("Null", "maybe", ("a",), "maybe"),
        ("NullIfExists", "true", ("a",), "NullIfExists"),
    ],
)
def test_what_is_not_understood_is_said(
    operator: str, wanted: Any, values: tuple[str, ...], says: str
) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        holds(operator, wanted, *values)
    assert says in str(caught.value)


def test_a_condition_that_fails_needs_no_understanding_of_the_others() -> None:
    block = {"StringMatches": {KEY: "x"}, "StringEquals": {KEY: "a"}}
    conditions = Conditions.parse(block, variables=True)
    assert not conditions.hold({KEY.lower(): ("b",)})
    with pytest.raises(NotUnderstoodError):
        conditions.hold({KEY.lower(): ("a",)})


def test_every_key_of_every_operator_must_hold() -> None:
    block = {
        "StringEquals": {"aws:PrincipalTag/x": "a", "aws:PrincipalTag/y": "b"},
        "Bool": {"aws:SecureTransport": "true"},
    }
    conditions = Conditions.parse(block, variables=True)
    meets = {
        "aws:principaltag/x": ("a",),
        "aws:principaltag/y": ("b",),
        "aws:securetransport": ("true",),
    }
    assert conditions.hold(meets)
    for key in meets:
        assert not conditions.hold({**meets, key: ("false",)}), key


def test_variables_in_conditions() -> None:
    assert holds("StringEquals", "${aws:PrincipalTag/team}", "ml", team="ml")
    assert not holds("StringEquals", "${aws:PrincipalTag/team}", "ml", team="it")
    assert not holds("StringEquals", "${aws:PrincipalTag/team}", "ml")
    assert holds("StringEquals", "${aws:PrincipalTag/team, 'ml'}", "ml")
    assert holds("StringLike", "${aws:PrincipalTag/team}/${*}*", "ml/*and more", team="ml")
    assert not holds("StringLike", "${aws:PrincipalTag/team}/${*}*", "ml/and more", team="ml")
    assert holds("ArnLike", "${aws:PrincipalTag/topic}", ARN, topic=ARN)


def test_a_negated_operator_with_a_variable_that_has_no_value_is_not_understood() -> None:
    with pytest.raises(NotUnderstoodError, match="variable"):
        holds("StringNotEquals", "${aws:PrincipalTag/team}", "ml")


words = st.text(alphabet="ab*?${}", max_size=5)


@given(wanted=st.lists(words, min_size=1, max_size=3), values=st.lists(words, max_size=3))
def test_all_unlike_is_the_opposite_of_any_like(wanted: list[str], values: list[str]) -> None:
    for yes, no in (("StringEquals", "StringNotEquals"), ("StringLike", "StringNotLike")):
        block = {f"ForAnyValue:{yes}": {KEY: wanted}}
        opposite = {f"ForAllValues:{no}": {KEY: wanted}}
        context = {KEY.lower(): tuple(values)}
        any_like = Conditions.parse(block, variables=False).hold(context)
        assert Conditions.parse(opposite, variables=False).hold(context) is not any_like


@given(value=words, wanted=words)
def test_one_value_is_a_set_of_one(value: str, wanted: str) -> None:
    for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"):
        alone = Conditions.parse({operator: {KEY: wanted}}, variables=False)
        for qualifier in ("ForAllValues", "ForAnyValue"):
            block = {f"{qualifier}:{operator}": {KEY: wanted}}
            among = Conditions.parse(block, variables=False)
            if value:
                context = {KEY.lower(): (value,)}
                assert among.hold(context) is alone.hold(context)
