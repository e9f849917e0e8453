"""A bucket for data: the pipeline's key, TLS only, private, versioned, tidied up, logged."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.emptying import acknowledge_emptying
from stacks.nag import acknowledge_warning
from stacks.removal import Removal


class DataBucket(s3.Bucket):
    """`expire_after_days` gives prefixes whose objects are not kept for ever."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        access_logs_bucket_name: str,
        removal: Removal,
        expire_after_days: Mapping[str, int],
    ) -> None:
        # A bucket known by name only: CDK then leaves the log bucket's policy alone, which
        # already admits log delivery from every bucket of this account (stacks.foundation).
        access_logs = s3.Bucket.from_bucket_name(
            scope, f"{construct_id}AccessLogs", access_logs_bucket_name
        )
        super().__init__(
            scope,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            removal_policy=removal.policy,
            auto_delete_objects=removal.deletes_data,
        )
        acknowledge_emptying(self, removal)
        acknowledge_warning(
            self,
            "@aws-cdk/aws-s3:accessLogsPolicyNotAdded",
            reason="the log bucket admits log delivery for all buckets of the account",
        )
        self.add_lifecycle_rule(
            id="tidy",
            abort_incomplete_multipart_upload_after=Duration.days(7),
            noncurrent_version_expiration=Duration.days(30),
        )
        for prefix, days in expire_after_days.items():
            self.add_lifecycle_rule(
                id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=Duration.days(days)
            )


def data_bucket(
    scope: Construct,
    construct_id: str,
    *,
    given: str | None,
    key: kms.IKey,
    access_logs_bucket_name: str,
    removal: Removal,
    expire_after_days: Mapping[str, int],
) -> s3.IBucket:
    """The bucket that is there already by the name `given`, or one of the pipeline's own."""
    if given is not None:
        return s3.Bucket.from_bucket_attributes(
            scope, construct_id, bucket_name=given, encryption_key=key
        )
    return DataBucket(
        scope,
        construct_id,
        key=key,
        access_logs_bucket_name=access_logs_bucket_name,
        removal=removal,
        expire_after_days=expire_after_days,
    )
