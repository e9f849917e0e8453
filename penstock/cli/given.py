"""What an environment says is there already, accounted for in a local cloud where it is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock.cli.plan_load import environment_of
from penstock.localcloud.ledger import Life

if TYPE_CHECKING:
    from penstock.localcloud.context import CloudContext


def make_given(context: CloudContext, *, pipeline: str, environment: str) -> None:
    """Make the given buckets, empty, and the given key; the ledger has a line for each.

    UsageError if there is no such environment.
    """
    from pipelines.spec import Buckets

    given = environment_of(environment)
    buckets = given.buckets.get(pipeline, Buckets())
    s3 = context.clients.deployer("s3")
    elsewhere: dict[str, Any] = (
        {}
        if context.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": context.region}}
    )
    names = {buckets.lake, buckets.artifacts, buckets.access_logs}
    for name in sorted(name for name in names if name is not None):
        s3.create_bucket(Bucket=name, **elsewhere)
        context.ledger.record(
            f"given bucket {name}",
            "AWS::S3::Bucket",
            Life.SUBSTITUTED,
            "an empty bucket of that name, without the owner's settings and policy",
        )
    if given.key_arn is not None:
        # with moto, which takes seconds to import: the local cloud has done so by now
        from penstock.localcloud.shims.kms import put_key

        put_key(
            key_arn=given.key_arn,
            policy=_key_policy(context),
            account_id=context.account_id,
            region=context.region,
        )
        context.ledger.record(
            f"given key {given.key_arn}",
            "AWS::KMS::Key",
            Life.SUBSTITUTED,
            "a key of that name with the policy that docs/given.md asks for, not the owner's; "
            "nothing is encrypted here",
        )


def _key_policy(context: CloudContext) -> str:
    """The account decides by its policies, and the services that docs/given.md names may use it."""
    services = [f"logs.{context.region}", "cloudwatch", "budgets"]
    principals = (
        {"AWS": f"arn:aws:iam::{context.account_id}:root"},
        {"Service": [f"{service}.amazonaws.com" for service in services]},
    )
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        for principal in principals
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
