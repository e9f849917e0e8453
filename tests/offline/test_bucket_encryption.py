"""Objects of an encrypted bucket tell their key, except to clients that then refuse plain HTTP."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from penstock.localcloud.shims import s3

pytestmark = pytest.mark.offline

KEY = "arn:aws:kms:us-east-1:123456789012:key/0d4ad3c9-8b33-4a0b-b0b7-000000000000"


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        ("Boto3/1.44.5", True),
        ("aws-sdk-java/2.29.52", True),
        ("Hadoop 3.3.1, aws-sdk-java/1.11.901 Linux/6.1", False),
    ],
)
def test_the_key_is_told(bare_cloud: Any, user_agent: str, told: bool) -> None:
    s3.install(bare_cloud.patches)
    client = boto3.client(
        "s3",
        endpoint_url=bare_cloud.context.clients.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(user_agent=user_agent),
    )
    client.create_bucket(Bucket="lake")
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    client.put_bucket_encryption(
        Bucket="lake",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    client.put_object(Bucket="lake", Key="a", Body=b"a")
    found = client.head_object(Bucket="lake", Key="a")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found.get("SSEKMSKeyId") == (KEY if told else None)
