"""Permissions widened or narrowed: in doubt, widened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.review.assembly import read
from penstock.review.changes.permissions import Shift, shifts
from tests.assemblies import allow, arn, ref, role, template, write_assembly

IF = {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
DENY = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}


def moved(folder: Path, before: dict[str, Any], after: dict[str, Any]) -> list[Shift]:
    old = read(write_assembly(folder / "before", {"a": before}))
    new = read(write_assembly(folder / "after", {"a": after}))
    return shifts(old, new)


def directions(folder: Path, before: list[Any], after: list[Any], **more: Any) -> list[str]:
    return [
        shift.direction
        for shift in moved(
            folder,
            template(R=("IAM::Role", role(*before))),
            template(R=("IAM::Role", role(*after, **more))),
        )
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([allow("s3:GetObject", "a")], [allow("s3:GetObject", "a")], []),
        # the same, said otherwise
        (
            [allow(["s3:GetObject", "s3:PutObject"], ["a", "b"])],
            [allow("s3:PutObject", ["b", "a"]), allow("s3:GetObject", ["a", "b"])],
            [],
        ),
        ([allow("s3:getobject", "a")], [allow("s3:GetObject", "a")], []),
        ([], [allow("s3:GetObject", "a")], ["widened"]),
        ([allow("s3:GetObject", "a")], [], ["narrowed"]),
        ([allow("s3:GetObject", "a")], [allow("s3:Get*", "a")], ["widened"]),
        ([allow("s3:Get*", "a")], [allow("s3:GetObject", "a")], ["narrowed"]),
        ([allow("s3:GetObject", "a/x")], [allow("s3:GetObject", "a/*")], ["widened"]),
        ([allow("s3:GetObject", "a/*")], [allow("s3:GetObject", "a/x*")], ["narrowed"]),
        ([allow("s3:GetObject", "a")], [allow("s3:PutObject", "a")], ["widened", "narrowed"]),
        # one that a wider one covers all the time
        ([allow("s3:*", "*")], [allow("s3:*", "*"), allow("s3:GetObject", "a")], []),
        # a ? is one sign, a * is any number of them
        ([allow("s3:GetObject", "a?b")], [allow("s3:GetObject", "a*b")], ["widened"]),
        ([allow("s3:GetObject", "a*b")], [allow("s3:GetObject", "a?b")], ["narrowed"]),
        # conditions
        ([allow("s3:GetObject", "a", **IF)], [allow("s3:GetObject", "a")], ["widened"]),
        ([allow("s3:GetObject", "a")], [allow("s3:GetObject", "a", **IF)], ["narrowed"]),
        (
            [allow("s3:GetObject", "a", **IF)],
            [allow("s3:GetObject", "a", Condition={"StringEquals": {"aws:x": "2"}})],
            ["widened", "narrowed"],
        ),
        # a Deny the other way round
        ([DENY], [], ["widened"]),
        ([], [DENY], ["narrowed"]),
        # what it does not mean cannot be compared
        (
            [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
            [{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}],
            ["widened", "narrowed"],
        ),
    ],
)
def test_statements_are_compared_by_what_they_allow(
    tmp_path: Path, before: list[Any], after: list[Any], told: list[str]
) -> None:
    assert directions(tmp_path, before, after) == told


def test_only_what_is_new_of_a_statement_is_told(tmp_path: Path) -> None:
    before = template(R=("IAM::Role", role(allow(["s3:GetObject"], ["a", "b"]))))
    after = template(R=("IAM::Role", role(allow(["s3:GetObject", "s3:PutObject"], ["a", "b"]))))
    (shift,) = moved(tmp_path, before, after)
    assert shift.statement.actions == ("s3:PutObject",)
    assert shift.statement.resources == ("a", "b")


def test_another_principal_that_may_take_a_role_on_widens(tmp_path: Path) -> None:
    one = {"Service": "lambda.amazonaws.com"}
    two = {"Service": ["lambda.amazonaws.com", "glue.amazonaws.com"]}
    before = template(R=("IAM::Role", role(principal=one)))
    (shift,) = moved(tmp_path, before, template(R=("IAM::Role", role(principal=two))))
    assert (shift.direction, shift.what) == ("widened", "may be taken on by")
    assert shift.statement.principals == ("Service: glue.amazonaws.com",)


def test_managed_policies_and_boundaries_count(tmp_path: Path) -> None:
    assert directions(tmp_path / "1", [], [], ManagedPolicyArns=["arn:x"]) == ["widened"]
    assert directions(tmp_path / "2", [], [], PermissionsBoundary="arn:b") == ["narrowed"]
    bounded = template(R=("IAM::Role", role(PermissionsBoundary="arn:b")))
    free = template(R=("IAM::Role", role()))
    assert [shift.direction for shift in moved(tmp_path / "3", bounded, free)] == ["widened"]


def test_policies_on_resources_count_and_keep_their_names(tmp_path: Path) -> None:
    def bucket(*statements: dict[str, Any]) -> dict[str, Any]:
        policy = {"Bucket": ref("Lake"), "PolicyDocument": {"Statement": list(statements)}}
        return template(Lake=("S3::Bucket", {}), LakePolicy=("S3::BucketPolicy", policy))

    opened = allow("s3:GetObject", arn("Lake"), Principal="*")
    (shift,) = moved(tmp_path, bucket(), bucket(opened))
    assert (shift.direction, shift.holder, shift.what) == (
        "widened",
        "LakePolicy",
        "may be used by",
    )
    assert shift.statement.principals == ("*",)
    assert shift.statement.resources == ("Lake",)


def test_all_of_a_new_role_is_new_and_all_of_an_old_one_is_gone(tmp_path: Path) -> None:
    one = template(R=("IAM::Role", role(allow("s3:GetObject", "a"))))
    came = moved(tmp_path / "1", template(), one)
    assert [(shift.direction, shift.what) for shift in came] == [
        ("widened", "may do"),
        ("widened", "may be taken on by"),
    ]
    gone = moved(tmp_path / "2", one, template())
    assert {shift.direction for shift in gone} == {"narrowed"}


def test_what_was_widened_comes_first(tmp_path: Path) -> None:
    before = template(A=("IAM::Role", role(allow("s3:GetObject", "a"))), B=("IAM::Role", role()))
    after = template(A=("IAM::Role", role()), B=("IAM::Role", role(allow("s3:GetObject", "a"))))
    assert [shift.direction for shift in moved(tmp_path, before, after)] == ["widened", "narrowed"]
