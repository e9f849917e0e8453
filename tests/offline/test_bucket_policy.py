"""A bucket policy denies what it says, not everything, as it would without its conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.access_control import PermissionResult

from penstock.localcloud.shims import s3
from penstock.localcloud.shims.s3 import permission

pytestmark = pytest.mark.offline

WITHOUT_TLS = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
NO_SECRETS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::lake/secret/*",
}


def test_a_policy_against_plain_http_lets_requests_through(bare_cloud: Any) -> None:
    s3.install(bare_cloud.patches)
    client = bare_cloud.client("s3")
    client.create_bucket(Bucket="lake")
    old_tls = {**WITHOUT_TLS, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}}
    policy = {"Version": "2012-10-17", "Statement": [WITHOUT_TLS, old_tls, NO_SECRETS]}
    client.put_bucket_policy(Bucket="lake", Policy=json.dumps(policy))
    client.put_object(Bucket="lake", Key="a", Body=b"a")
    client.put_object(Bucket="lake", Key="a", Body=b"b")
    assert client.get_object(Bucket="lake", Key="a")["Body"].read() == b"b"
    assert "Errors" not in client.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "a"}]})
    with pytest.raises(ClientError, match="403"):
        client.put_object(Bucket="lake", Key="secret/a", Body=b"a")


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": ["1.4"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, True),
    ],
)
def test_a_denial_applies_unless_its_condition_is_known_not_to_hold(
    condition: dict[str, Any], applies: bool
) -> None:
    statement = {**NO_SECRETS, "Condition": condition}
    verdict = permission([statement], "s3:PutObject", "arn:aws:s3:::lake/secret/a")
    assert verdict is (PermissionResult.DENIED if applies else PermissionResult.NEUTRAL)


def test_an_allowance_falls_with_a_condition_that_is_not_understood() -> None:
    statement = {
        **NO_SECRETS,
        "Effect": "Allow",
        "Condition": {"IpAddress": {"aws:SourceIp": "::"}},
    }
    verdict = permission([statement], "s3:PutObject", "arn:aws:s3:::lake/secret/a")
    assert verdict is PermissionResult.NEUTRAL
