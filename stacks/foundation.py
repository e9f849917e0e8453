"""What all other stacks stand on: the key, the access-log bucket, the alerts topic."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from pipelines.spec import Budget
from pipelines.spec.deployment import STAGE_TAG
from stacks.budget_alarm import BudgetAlarm
from stacks.emptying import acknowledge_emptying
from stacks.encryption_key import PUBLISHER, EncryptionKey
from stacks.layer import Layer
from stacks.nag import acknowledge
from stacks.names import Names
from stacks.removal import Removal


class Foundation(Layer):
    """Rarely changes; everything else refers to it.

    A key or a bucket for access logs that is there already is used instead of one of its own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        given_key_arn: str | None,
        given_access_logs: str | None,
        budget: Budget | None,
        removal: Removal,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            names=names,
            description="Key, access logs and alerts of the pipeline",
        )
        self.key: kms.IKey = (
            EncryptionKey(self, "Key", removal=removal)
            if given_key_arn is None
            else kms.Key.from_key_arn(self, "Key", given_key_arn)
        )
        self.access_logs_bucket_name = (
            given_access_logs or self._build_access_logs(removal).bucket_name
        )
        self.alerts = sns.Topic(self, "Alerts", master_key=self.key, enforce_ssl=True)
        # The TLS statement replaces SNS's default policy, which lets alarms of the account in
        self.alerts.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal(PUBLISHER)],
                actions=["sns:Publish"],
                resources=[self.alerts.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        CfnOutput(self, "AlertsTopicArn", value=self.alerts.topic_arn)
        if budget is not None:
            BudgetAlarm(
                self,
                "Costs",
                budget=budget,
                stage=(STAGE_TAG, names.prefix),
                alerts=self.alerts,
                key=self.key,
            )

    def _build_access_logs(self, removal: Removal) -> s3.Bucket:
        """SSE-S3: S3's log delivery cannot write to a bucket encrypted with KMS."""
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="tidy",
                    expiration=Duration.days(365),
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=removal.policy,
            auto_delete_objects=removal.deletes_data,
        )
        acknowledge_emptying(bucket, removal)
        acknowledge(bucket, "S1", reason="it holds the access logs; its own would log themselves")
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AccessLogsOfThisAccount",
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects("*")],
                conditions={
                    "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:s3:::*"},
                    "StringEquals": {"aws:SourceAccount": self.account},
                },
            )
        )
        return bucket
