"""The Glue job that makes training channels of the lake's records."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from pipelines.spec import Prepare, RecordSchema
from stacks.library_package import LibraryPackage
from stacks.names import PREPARED_PREFIX, RECORDS_PREFIX, Names
from stacks.permission import allow
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import (
    list_bucket,
    log_group_arn,
    put_metrics,
    read_objects,
    write_job_output,
    write_log_group,
    write_objects,
)
from stacks.service_role import ServiceRole

ROOT = Path(__file__).parents[1]
CONCURRENT_RUNS = 3


class PrepareJob(Construct):
    """Reads records/ by path and writes below --output_uri, which each run gives."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        prepare: Prepare,
        record_schema: RecordSchema,
        bucket: s3.IBucket,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        script = assets.Asset(self, "Script", path=str(ROOT / prepare.script))
        package = LibraryPackage(self, "Recordio", rooms=["recordio"])
        for stream in ("error", "output"):
            PipelineLogGroup(
                self,
                f"{stream.capitalize()}Logs",
                key=key,
                retention_days=log_retention_days,
                name=f"{names.glue_logs}/{stream}",
            )
        role = self._build_role(names=names, bucket=bucket, key=key, files=[script, package])
        self.job = glue.PySparkEtlJob(
            self,
            "Job",
            description="Cleans, splits and writes RecordIO-protobuf channels",
            role=role,
            script=glue.Code.from_bucket(script.bucket, script.s3_object_key),
            extra_python_files=[glue.Code.from_bucket(package.bucket, package.s3_object_key)],
            glue_version=_glue_version(prepare.glue_version),
            worker_configuration=glue.WorkerConfiguration(
                worker_type=_worker_type(prepare.worker_type), number_of_workers=prepare.workers
            ),
            timeout=Duration.minutes(prepare.timeout_minutes),
            max_retries=0,  # the state machine retries, and only what is worth it
            max_concurrent_runs=CONCURRENT_RUNS,
            enable_metrics=True,
            enable_observability_metrics=True,
            security_configuration=self._build_encryption(names=names, key=key),
            default_arguments={
                "--custom-logGroup-prefix": names.glue_logs,
                "--job-bookmark-option": "job-bookmark-disable",
                "--records_uri": bucket.s3_url_for_object(RECORDS_PREFIX),
                "--id_column": record_schema.id_field,
                "--label_column": record_schema.label_field,
                "--feature_columns": ",".join(record_schema.feature_columns),
            },
        )

    def _build_encryption(self, *, names: Names, key: kms.IKey) -> glue.SecurityConfiguration:
        encryption = glue.SecurityConfiguration(
            self,
            "Encryption",
            security_configuration_name=f"{names.prefix}-prepare",
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
            s3_encryption=glue.S3Encryption.kms(key),
        )
        # it holds no data; kept, its name would stop the next deployment
        encryption.apply_removal_policy(RemovalPolicy.DESTROY)
        return encryption

    def _build_role(
        self, *, names: Names, bucket: s3.IBucket, key: kms.IKey, files: list[assets.Asset]
    ) -> iam.IRole:
        stack = Stack.of(self)
        # With a security configuration Glue before 5.0 puts logs below names that hold the
        # configuration's and the role's (Glue developer guide, continuous logging; unconfirmed
        # for 5.1), hence the second, wider group of names: both hold the stage's prefix.
        log_groups = [f"{names.glue_logs}/*", f"/aws-glue/jobs/*{names.prefix}*"]
        return ServiceRole(
            self,
            "Role",
            service="glue.amazonaws.com",
            description="Preparation of training data from the lake",
            permissions=[
                *list_bucket(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                read_objects(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                write_objects(bucket, [PREPARED_PREFIX]),
                write_job_output(key),
                allow(
                    ["s3:GetObject"],
                    [file.bucket.arn_for_objects(file.s3_object_key) for file in files],
                ),
                *(
                    statement
                    for name in log_groups
                    for statement in write_log_group(log_group_arn(stack, name), create_group=True)
                ),
                allow(
                    ["logs:AssociateKmsKey"],
                    [log_group_arn(stack, name) for name in log_groups],
                    wildcard="the service names the log groups",
                ),
                put_metrics(["Glue"]),
                # AWS's own role for jobs has all of Glue; that a job reads its security
                # configuration in its own name is unconfirmed
                allow(
                    ["glue:GetSecurityConfiguration"],
                    ["*"],
                    wildcard="the action takes no resource",
                ),
            ],
        ).fixed


def _glue_version(version: str) -> glue.GlueVersion:
    return glue.GlueVersion[f"V{version.replace('.', '_')}"]


def _worker_type(name: str) -> glue.WorkerType:
    return glue.WorkerType[name.replace(".", "_")]
