"""Policy documents: what is read, what is malformed, and what actions and resources match."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.localcloud.authorization.errors import PolicyError
from penstock.localcloud.authorization.policy import Origin, PolicyDocument
from penstock.localcloud.authorization.request import Request
from penstock.localcloud.authorization.variables import Text
from tests.unit.policies import OBJECT, WORKER, allow, asked, statements

words = st.text(alphabet="aB:/*?.$[\n", max_size=6)


def test_origins_count_the_statements_of_a_policy() -> None:
    first, second = statements(allow("a:B", Sid="One"), allow("a:C"), where="role X, policy Y")
    assert first.origin == Origin("role X, policy Y", 0)
    assert first.sid == "One"
    assert str(second.origin) == "statement 2 of the role X, policy Y"


def test_a_single_statement_needs_no_list() -> None:
    (only,) = PolicyDocument.parse('{"Statement": {"Effect": "Allow", "Action": "a:B"}}', "it")
    assert only.actions == ("a:B",)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "bucket policy of it: not JSON"),
        ("[]", "it has no Statement"),
        ({"Version": "2012-10-17"}, "it has no Statement"),
        ({"Statement": ["x"]}, "statement 1 is not an object"),
        ({"Statement": [{"Effect": "allow", "Action": "a:B"}]}, "Effect must be Allow or Deny"),
        ({"Statement": [{"Effect": "Allow"}]}, "needs one of Action and NotAction"),
        ({"Statement": [allow("a:B", NotAction="a:C")]}, "needs one of Action and NotAction"),
        ({"Statement": [allow("a:B", NotResource="x")]}, "has Resource and NotResource"),
        ({"Statement": [allow("a:B", 7)]}, "Resource must be strings"),
        ({"Statement": [allow("a:B", Conditions={})]}, "has Conditions, which is no element"),
        ({"Statement": [allow("a:B", Principal="me")]}, "Principal must be"),
        ({"Statement": [allow("a:B", Principal={"Aws": "*"})]}, "Principal must be"),
        ({"Statement": [allow("a:B", Condition=[])]}, "Condition must be an object"),
        ({"Statement": [allow("a:B", Condition={"Bool": "x"})]}, "Condition Bool must be"),
        ({"Statement": [allow("a:B", Condition={"Bool": {"a": {}}})]}, "only strings, numbers"),
    ],
)
def test_malformed_documents_are_refused_in_one_line(document: Any, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PolicyDocument.parse(document, "bucket policy of it")
    assert says in str(caught.value)
    assert str(caught.value).startswith("bucket policy of it: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "covered"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:?etObject", True),
        ("*", True),
        ("s3:GetObjectTagging", False),
        ("s3:Get", False),
        ("s3:GetObject.", False),
        (["s3:PutObject", "s3:GetObject"], True),
        ([], False),
    ],
)
def test_actions(written: Any, covered: bool) -> None:
    assert asked("s3:GetObject", OBJECT, identity=(allow(written),)).allowed is covered
    other = {"Effect": "Allow", "NotAction": written, "Resource": "*"}
    assert asked("s3:GetObject", OBJECT, identity=(other,)).allowed is not covered


@pytest.mark.parametrize(
    ("written", "covered"),
    [
        (OBJECT, True),
        ("arn:aws:s3:::lake/*", True),
        ("arn:aws:s3:*", True),  # beyond colons
        ("arn:aws:s3:::lake/records/on?", True),
        ("arn:aws:s3:::LAKE/*", False),
        ("arn:aws:s3:::lake", False),
        ("arn:aws:s3:::lake/records/o", False),
        ("arn:aws:s3:::lake/${aws:PrincipalTag/team}/*", False),  # a variable without a value
        ("arn:aws:s3:::lake/${aws:PrincipalTag/team, 'records'}/*", True),
        (["arn:aws:s3:::lake", "*"], True),
    ],
)
def test_resources(written: Any, covered: bool) -> None:
    assert asked("s3:GetObject", OBJECT, identity=(allow("s3:*", written),)).allowed is covered


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("arn:aws:s3:::lake", "allowed"),
        ("arn:aws:s3:::lake/*", "implicit deny"),
        (["arn:aws:s3:::lake", OBJECT], "implicit deny"),
        (["arn:aws:s3:::${aws:PrincipalTag/team}", OBJECT], "implicit deny"),
        ("arn:aws:s3:::lake/${aws:PrincipalTag/team}/*", "not understood"),
    ],
)
def test_all_resources_but_some(written: Any, kind: str) -> None:
    mine = {"Effect": "Allow", "Action": "*", "NotResource": written}
    assert asked("s3:GetObject", OBJECT, identity=(mine,)).kind == kind


def test_an_action_on_no_resource_needs_an_asterisk() -> None:
    action = "ecr:GetAuthorizationToken"
    assert asked(action, "*", identity=(allow(action, "*"),)).allowed
    assert not asked(action, "*", identity=(allow(action, "arn:aws:ecr:*:*:*"),)).allowed


def test_variables_take_the_requests_values_literally() -> None:
    mine = (allow("s3:GetObject", "arn:aws:s3:::lake/${aws:PrincipalTag/team}/*"),)
    tag = "aws__PrincipalTag/team"
    assert asked("s3:GetObject", OBJECT, identity=mine, **{tag: ("records",)}).allowed
    # a wildcard in a value is no wildcard, and a key with two values no variable
    assert not asked("s3:GetObject", OBJECT, identity=mine, **{tag: ("*",)}).allowed
    assert not asked("s3:GetObject", OBJECT, identity=mine, **{tag: ("records", "x")}).allowed


def test_before_2012_10_17_variables_are_plain_text() -> None:
    written = "arn:aws:s3:::lake/${aws:PrincipalTag/team, 'records'}/*"
    for version in ({}, {"Version": "2008-10-17"}):
        (statement,) = PolicyDocument.parse({**version, "Statement": [allow("a:B", written)]}, "x")
        assert not statement.covers_resource(Request(WORKER, "a:B", OBJECT))
        assert statement.covers_resource(Request(WORKER, "a:B", written.replace("*", "one")))


def test_the_keys_of_a_statement_are_those_of_its_conditions_and_variables() -> None:
    (statement,) = statements(
        allow(
            "a:B",
            "arn:aws:a:::${aws:PrincipalTag/Team}",
            Condition={"StringEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}},
        )
    )
    assert statement.keys == {"aws:principaltag/team", "aws:sourcearn", "aws:principalarn"}


def by_hand(pattern: str, text: str) -> bool:
    """Wildcards by their definition, one character after the other."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return by_hand(pattern[1:], text) or (bool(text) and by_hand(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and by_hand(pattern[1:], text[1:])


@given(pattern=words, text=words)
def test_wildcards_by_their_definition(pattern: str, text: str) -> None:
    assert Text.parse(pattern, variables=True).matches(text, {}) is by_hand(pattern, text)


@given(value=words, text=words)
def test_a_variables_value_matches_itself_alone(value: str, text: str) -> None:
    variable = Text.parse("${aws:username}", variables=True)
    context = {"aws:username": (value,)}
    assert variable.matches(value, context)
    assert variable.matches(text, context) is (text == value)
    assert variable.plain(context) == value


@given(text=words)
def test_escaped_a_string_matches_itself_alone(text: str) -> None:
    escaped = Text.parse(re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text), variables=True)
    assert escaped.plain({}) == text
    assert escaped.matches(text, {})
    assert not escaped.matches(text + "x", {})
