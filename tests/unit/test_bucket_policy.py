"""A bucket policy's verdict on requests that come over TLS, as all of ours do on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from moto.iam.access_control import PermissionResult

from penstock.localcloud.shims.s3 import permission

OBJECT = "arn:aws:s3:::lake/key"


def statement(effect: str = "Deny", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": OBJECT, **more}


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([], PermissionResult.NEUTRAL),
        ([statement()], PermissionResult.DENIED),
        ([statement("Allow")], PermissionResult.PERMITTED),
        ([statement("Allow"), statement()], PermissionResult.DENIED),
        (
            [statement(Condition={"Bool": {"aws:SecureTransport": "false"}})],
            PermissionResult.NEUTRAL,
        ),
        ([statement(Condition={"Bool": {"aws:SecureTransport": True}})], PermissionResult.DENIED),
        ([statement(Condition={"StringEquals": {"aws:x": "y"}})], PermissionResult.DENIED),
        (
            [statement("Allow", Condition={"StringEquals": {"aws:x": "y"}})],
            PermissionResult.NEUTRAL,
        ),
        ([statement(Resource="arn:aws:s3:::other/*")], PermissionResult.NEUTRAL),
    ],
)
def test_verdict(statements: list[dict[str, Any]], verdict: PermissionResult) -> None:
    assert permission(statements, "s3:GetObject", OBJECT) is verdict
