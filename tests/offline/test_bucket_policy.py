"""A bucket policy denies what it says, not everything, as it would without its conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.shims import s3
from penstock.localcloud.shims.s3 import holds

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
    policy = {"Version": "2012-10-17", "Statement": [WITHOUT_TLS, NO_SECRETS]}
    client.put_bucket_policy(Bucket="lake", Policy=json.dumps(policy))
    client.put_object(Bucket="lake", Key="a", Body=b"a")
    client.put_object(Bucket="lake", Key="a", Body=b"b")
    assert client.get_object(Bucket="lake", Key="a")["Body"].read() == b"b"
    assert "Errors" not in client.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "a"}]})
    with pytest.raises(ClientError, match="403"):
        client.put_object(Bucket="lake", Key="secret/a", Body=b"a")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": ["1.4"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "true"}}, False),
    ],
)
def test_only_what_is_known_to_hold_holds(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition) is expected
