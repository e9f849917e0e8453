"""The verdict from a caller's policies and the resource's, within one account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.authorization.request import Principal
from tests.unit.policies import (
    ACCOUNT,
    BUCKET,
    KEY,
    OBJECT,
    QUEUE,
    ROLE,
    SESSION,
    TOPIC,
    WORKER,
    allow,
    asked,
    deny,
)

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
READ = "s3:GetObject"
SNS = Principal.service("sns.amazonaws.com")


def principal(*arns: str) -> dict[str, Any]:
    return {"Principal": {"AWS": list(arns)}}


def test_nothing_is_allowed_that_no_statement_allows() -> None:
    verdict = asked(READ, OBJECT)
    assert not verdict.allowed
    assert verdict.kind == "implicit deny"
    assert verdict.statement is None


def test_the_role_or_the_bucket_allows() -> None:
    mine = (allow(READ, OBJECT),)
    assert asked(READ, OBJECT, identity=mine).allowed
    assert asked(READ, OBJECT, own=(allow(READ, OBJECT, **principal(ROLE)),), kind="bucket").allowed
    assert asked(READ, OBJECT, identity=mine, own=(), kind="bucket").allowed


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    mine = (allow("s3:*"),)
    everyone = deny(READ, OBJECT, Principal="*")
    for verdict in (
        asked(READ, OBJECT, identity=(*mine, deny(READ, OBJECT))),
        asked(READ, OBJECT, identity=mine, boundary=(*mine, deny(READ))),
        asked(READ, OBJECT, identity=mine, session=(*mine, deny(READ))),
        asked(READ, OBJECT, identity=mine, own=(everyone,), kind="bucket"),
    ):
        assert verdict.kind == "explicit deny"
        assert verdict.statement is not None
        assert verdict.statement.effect == "Deny"


def test_a_bucket_policy_that_names_the_account_leaves_it_to_the_roles_policies() -> None:
    own = (allow(READ, OBJECT, **principal(ROOT)),)
    assert not asked(READ, OBJECT, own=own, kind="bucket").allowed
    assert asked(READ, OBJECT, identity=(allow(READ),), own=own, kind="bucket").allowed


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        ({"AWS": ROLE}, True),
        ({"AWS": [SESSION]}, True),
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/Worker"}, False),  # another path, another role
        ({"AWS": SESSION + "2"}, False),
        ({"AWS": ROOT}, False),
        ({"AWS": ACCOUNT}, False),
        ({"Service": "s3.amazonaws.com"}, False),
    ],
)
def test_whom_a_bucket_policy_names(named: Any, allowed: bool) -> None:
    own = (allow(READ, OBJECT, Principal=named),)
    assert asked(READ, OBJECT, own=own, kind="bucket").allowed is allowed


@pytest.mark.parametrize("named", [ROLE, SESSION, ROOT, ACCOUNT, "*"])
def test_a_deny_meets_the_role_by_each_of_its_names(named: str) -> None:
    own = (deny(READ, OBJECT, **principal(named)),)
    verdict = asked(READ, OBJECT, identity=(allow(READ),), own=own, kind="bucket")
    assert verdict.kind == "explicit deny"


def test_not_principal_spares_who_is_named_with_session_role_and_account() -> None:
    for spared, allowed in (
        ([SESSION, ROLE, ROOT], True),
        ([ROLE, ROOT], False),
        ([SESSION, ROLE], False),
    ):
        own = (deny(READ, OBJECT, NotPrincipal={"AWS": spared}),)
        verdict = asked(READ, OBJECT, identity=(allow(READ),), own=own, kind="bucket")
        assert verdict.allowed is allowed, spared


@pytest.mark.parametrize("limit", ["boundary", "session"])
def test_a_limit_holds_for_the_role_and_what_names_it_but_not_for_its_session(limit: str) -> None:
    limits: dict[str, Any] = {limit: (allow("sqs:*"),)}
    mine = (allow("s3:*"),)
    assert not asked(READ, OBJECT, identity=mine, **limits).allowed
    assert not asked("sqs:SendMessage", QUEUE, identity=mine, **limits).allowed
    assert asked(READ, OBJECT, identity=mine, **{limit: (allow("s3:Get*"),)}).allowed
    by_role = (allow(READ, OBJECT, **principal(ROLE)),)
    by_session = (allow(READ, OBJECT, **principal(SESSION)),)
    assert not asked(READ, OBJECT, **limits, own=by_role, kind="bucket").allowed
    assert asked(READ, OBJECT, **limits, own=by_session, kind="bucket").allowed


def test_a_keys_policy_must_allow_or_leave_it_to_the_account() -> None:
    mine = (allow("kms:Decrypt", KEY),)
    to_account = (allow("kms:*", **principal(ROOT)),)
    to_role = (allow("kms:Decrypt", **principal(ROLE)),)
    assert not asked("kms:Decrypt", KEY, identity=mine, own=(), kind="key").allowed
    assert not asked("kms:Decrypt", KEY, own=to_account, kind="key").allowed
    assert asked("kms:Decrypt", KEY, own=to_role, kind="key").allowed
    both = asked("kms:Decrypt", KEY, identity=mine, own=to_account, kind="key")
    assert both.allowed
    assert both.statement is not None
    assert both.statement.origin.policy == "role Worker"
    assert both.through is not None
    assert both.through.origin.policy == "key policy of it"


def test_a_trust_policy_decides_who_becomes_the_role() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    glue = Principal.service("glue.amazonaws.com")
    service = ({**trust, "Principal": {"Service": "glue.amazonaws.com"}},)
    assume = "sts:AssumeRole"
    assert asked(assume, ROLE, principal=glue, own=service, kind="role").allowed
    assert not asked(assume, ROLE, principal=SNS, own=service, kind="role").allowed
    # a policy of the caller alone is not enough
    mine = (allow(assume, ROLE),)
    assert not asked(assume, ROLE, identity=mine, own=service, kind="role").allowed
    account = ({**trust, "Principal": {"AWS": ACCOUNT}},)
    assert asked(assume, ROLE, identity=mine, own=account, kind="role").allowed
    assert not asked(assume, ROLE, own=account, kind="role").allowed


def test_a_service_may_what_the_resources_policy_says() -> None:
    send = "sqs:SendMessage"
    own = (
        allow(
            send,
            QUEUE,
            Principal={"Service": "sns.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": TOPIC}},
        ),
    )
    assert asked(send, QUEUE, principal=SNS, own=own, kind="queue", aws__SourceArn=(TOPIC,)).allowed
    other = asked(send, QUEUE, principal=SNS, own=own, kind="queue", aws__SourceArn=(TOPIC + "2",))
    assert other.kind == "implicit deny"
    assert not asked(send, QUEUE, principal=SNS, own=own, kind="queue").allowed
    # identity policies are nobody's but a role's or a user's
    assert not asked(send, QUEUE, principal=SNS, identity=(allow(send),), kind="queue").allowed


def test_a_users_own_arn_goes_past_its_boundary() -> None:
    user = Principal.user(f"arn:aws:iam::{ACCOUNT}:user/ann")
    own = (allow(READ, OBJECT, **principal(user.arn)),)
    boundary = (allow("sqs:*"),)
    verdict = asked(READ, OBJECT, principal=user, boundary=boundary, own=own, kind="bucket")
    assert verdict.allowed


def test_what_is_not_understood_denies_and_says_so() -> None:
    odd = {"Condition": {"StringMatches": {"aws:PrincipalArn": "x"}}}
    allowed = asked(READ, OBJECT, identity=(allow(READ, **odd),))
    assert allowed.kind == "not understood"
    assert "condition operator StringMatches is not known" in allowed.line()
    denied = asked(READ, OBJECT, identity=(allow(READ), deny(READ, **odd)))
    assert denied.kind == "not understood"
    assert "StringMatches" in denied.line()
    # where another statement allows, nobody needs the one that is not understood
    assert asked(READ, OBJECT, identity=(allow(READ, **odd), allow(READ))).allowed


def test_an_explicit_deny_is_said_before_a_doubtful_one() -> None:
    odd = {"Condition": {"StringMatches": {"aws:PrincipalArn": "x"}}}
    verdict = asked(READ, OBJECT, identity=(deny(READ, **odd), deny(READ)))
    assert verdict.kind == "explicit deny"


def test_a_key_that_requests_do_not_carry_here_is_not_understood() -> None:
    only = {"Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "ml"}}}
    verdict = asked(READ, OBJECT, identity=(allow(READ, **only),))
    assert verdict.kind == "not understood"
    assert "s3:existingobjecttag/team is not known to the local cloud" in verdict.line()


def test_the_line_names_role_action_resource_and_the_statement_that_would_do() -> None:
    line = asked(READ, OBJECT, own=(), kind="bucket").line()
    assert "\n" not in line
    head, _, statement = line.partition("this statement would allow it: ")
    assert head.startswith(f"role Worker may not {READ} on {OBJECT}: no statement")
    written = json.loads(statement)
    assert asked(READ, OBJECT, identity=(written,)).allowed


@pytest.mark.parametrize(
    "question",
    [
        {"action": "sqs:SendMessage", "resource": QUEUE, "principal": SNS, "kind": "queue"},
        {"action": "kms:Decrypt", "resource": KEY, "kind": "key"},
        {"action": "kms:Decrypt", "resource": KEY, "kind": "key", "principal": SNS},
        {"action": "sts:AssumeRole", "resource": ROLE, "kind": "role", "principal": SNS},
        {"action": "sts:AssumeRole", "resource": ROLE, "kind": "role"},
    ],
)
def test_the_statement_in_the_line_works_in_the_resources_policy(question: dict[str, Any]) -> None:
    line = asked(**question, own=(), aws__SourceArn=(TOPIC,)).line()
    written = json.loads(line.partition("this statement would allow it: ")[2])
    assert asked(**question, own=(written,), aws__SourceArn=(TOPIC,)).allowed


TO_ACCOUNT = ({"Effect": "Allow", "Action": "kms:*", "Resource": "*", **principal(ROOT)},)


@pytest.mark.parametrize(
    ("question", "policy"),
    [
        ({"own": (), "kind": "bucket"}, "policy of role Worker"),
        ({"boundary": ()}, "policy of role Worker"),
        ({"boundary": (), "identity": (allow("*"),)}, "permissions boundary"),
        ({"session": (), "identity": (allow("*"),)}, "session policy"),
        ({"own": (), "kind": "key"}, "key policy"),
        ({"own": TO_ACCOUNT, "kind": "key"}, "policy of role Worker"),
        ({"own": (), "kind": "role"}, "trust policy"),
        ({"own": (), "kind": "queue", "principal": SNS}, "queue policy"),
    ],
)
def test_the_line_says_which_policy_is_short_of_a_statement(
    question: dict[str, Any], policy: str
) -> None:
    line = asked("kms:Decrypt", KEY, **question).line()
    assert f"; in the {policy} this statement would allow it: " in line


def test_the_statement_in_the_line_is_as_narrow_as_the_request() -> None:
    for_service = asked(
        "sqs:SendMessage", QUEUE, principal=SNS, own=(), kind="queue", aws__SourceArn=(TOPIC,)
    )
    assert for_service.remedy is not None
    assert for_service.remedy.statement == {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }
    glue = "glue.amazonaws.com"
    passing = asked("iam:PassRole", ROLE, iam__PassedToService=(glue,))
    assert passing.remedy is not None
    assert passing.remedy.statement == {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": ROLE,
        "Condition": {"StringEquals": {"iam:PassedToService": glue}},
    }
    trust = asked("sts:AssumeRole", ROLE, principal=SNS, own=(), kind="role")
    assert trust.remedy is not None
    assert "Resource" not in trust.remedy.statement


def test_the_line_of_a_deny_shows_the_statement_that_denies() -> None:
    no_plain = deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*")
    line = asked(READ, OBJECT, own=(no_plain,), kind="bucket").line()
    assert "statement 1 of the bucket policy of it denies it" in line
    assert json.loads(line.partition("denies it: ")[2]) == no_plain


def test_a_sessions_arn_has_the_roles_name_without_its_path() -> None:
    assert WORKER.arn == SESSION
