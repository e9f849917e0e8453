"""A Glue Spark job as this project wants it: its files, logs, encryption and role by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from pipelines.spec import Network
from stacks.glue_connection import GlueConnection
from stacks.glue_wheels import GlueWheels
from stacks.library_package import LibraryPackage
from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import (
    log_group_arn,
    put_metrics,
    write_job_output,
    write_log_group,
)
from stacks.service_role import ServiceRole

ROOT = Path(__file__).parents[1]
CONCURRENT_RUNS = 3


@dataclass(frozen=True)
class SparkProgram:
    """What runs where: a script of jobs/, the rooms of the library beside it, the workers.

    `modules` are what else it imports, such as jobs/x/y.py. `takes_wheels` adds what
    penstock.monitor needs and Glue has not.
    """

    script: str
    rooms: tuple[str, ...]
    glue_version: str
    worker_type: str
    workers: int
    timeout_minutes: int
    takes_wheels: bool = False
    modules: tuple[str, ...] = ()


class SparkJob(Construct):
    """`data` is what the job may do with the pipeline's data, `log_groups` their prefix.

    `label` names what belongs to this job alone, such as 'prepare'.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        label: str,
        description: str,
        program: SparkProgram,
        log_groups: str,
        data: Sequence[Permission],
        metric_namespaces: Sequence[str],
        arguments: Mapping[str, str],
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        script = assets.Asset(self, "Script", path=str(ROOT / program.script))
        package = LibraryPackage(self, "Library", rooms=program.rooms, modules=program.modules)
        files = [file.bucket.arn_for_objects(file.s3_object_key) for file in (script, package)]
        installed: Mapping[str, str] = {}
        if program.takes_wheels:
            wheels = GlueWheels(self, "Wheels", glue_version=program.glue_version)
            files += wheels.object_arns
            installed = wheels.default_arguments
        for stream in ("error", "output"):
            PipelineLogGroup(
                self,
                f"{stream.capitalize()}Logs",
                key=key,
                retention_days=log_retention_days,
                name=f"{log_groups}/{stream}",
            )
        connection = None if network is None else GlueConnection(self, "Vpc", network=network)
        self.job = glue.PySparkEtlJob(
            self,
            "Job",
            description=description,
            role=self._build_role(
                names=names,
                description=description,
                log_groups=log_groups,
                permissions=[
                    *data,
                    write_job_output(key),
                    allow(["s3:GetObject"], files),
                    put_metrics(["Glue", *metric_namespaces]),
                    *([] if connection is None else connection.permissions()),
                ],
            ),
            connections=None if connection is None else [connection.connection],
            script=glue.Code.from_bucket(script.bucket, script.s3_object_key),
            extra_python_files=[glue.Code.from_bucket(package.bucket, package.s3_object_key)],
            glue_version=_glue_version(program.glue_version),
            worker_configuration=glue.WorkerConfiguration(
                worker_type=_worker_type(program.worker_type),
                number_of_workers=program.workers,
            ),
            timeout=Duration.minutes(program.timeout_minutes),
            max_retries=0,  # the state machine retries, and only what is worth it
            max_concurrent_runs=CONCURRENT_RUNS,
            enable_metrics=True,
            enable_observability_metrics=True,
            security_configuration=self._build_encryption(name=f"{names.prefix}-{label}", key=key),
            default_arguments={
                "--custom-logGroup-prefix": log_groups,
                "--job-bookmark-option": "job-bookmark-disable",
                **installed,
                **arguments,
            },
        )

    def _build_encryption(self, *, name: str, key: kms.IKey) -> glue.SecurityConfiguration:
        encryption = glue.SecurityConfiguration(
            self,
            "Encryption",
            security_configuration_name=name,
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
            s3_encryption=glue.S3Encryption.kms(key),
        )
        # it holds no data; kept, its name would stop the next deployment
        encryption.apply_removal_policy(RemovalPolicy.DESTROY)
        return encryption

    def _build_role(
        self,
        *,
        names: Names,
        description: str,
        log_groups: str,
        permissions: Sequence[Permission],
    ) -> iam.IRole:
        stack = Stack.of(self)
        # With a security configuration Glue before 5.0 puts logs below names that hold the
        # configuration's and the role's (Glue developer guide, continuous logging; unconfirmed
        # for 5.1), hence the second, wider group of names: both hold the stage's prefix.
        names_of_groups = [f"{log_groups}/*", f"/aws-glue/jobs/*{names.prefix}*"]
        return ServiceRole(
            self,
            "Role",
            service="glue.amazonaws.com",
            description=description,
            permissions=[
                *permissions,
                *(
                    write_log_group(log_group_arn(stack, name), "logs:CreateLogGroup")
                    for name in names_of_groups
                ),
                allow(
                    ["logs:AssociateKmsKey"],
                    [log_group_arn(stack, name) for name in names_of_groups],
                    wildcard="the service names the log groups",
                ),
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
