"""What an environment says is there already, accounted for in a local cloud where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.cli.plan_load import environment_of
from penstock.localcloud.ledger import Life
from pipelines.spec import Buckets

if TYPE_CHECKING:
    from penstock.localcloud.context import CloudContext


def make_given(context: CloudContext, *, pipeline: str, environment: str) -> None:
    """Make the given buckets, empty; the ledger has a line for each, and for a given key.

    UsageError if there is no such environment.
    """
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
        context.ledger.record(
            f"given key {given.key_arn}",
            "AWS::KMS::Key",
            Life.SUBSTITUTED,
            "no key: nothing is encrypted here, and nobody reads the owner's key policy",
        )
