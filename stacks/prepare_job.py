"""The Glue job that makes training channels of the lake's records."""

from __future__ import annotations

from aws_cdk import Annotations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network, Prepare, RecordSchema
from stacks.names import PREPARED_PREFIX, RECORDS_PREFIX, VOCABULARY, Names
from stacks.permission import Permission, allow
from stacks.policies import delete_objects, list_bucket, locate_bucket, read_folders, write_objects
from stacks.spark_job import SparkJob, SparkProgram


class PrepareJob(SparkJob):
    """Reads records/ by path and writes below --output_uri, which each run gives.

    `weights` is the bucket where people may have put pretrained weights: their vocabulary, if it is
    there, is the one that text is split by.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        prepare: Prepare,
        record_schema: RecordSchema,
        training_hosts: int,
        weights: s3.IBucket | None,
        bucket: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            names=names,
            label="prepare",
            description="Cleans, splits and writes RecordIO-protobuf channels",
            program=SparkProgram(
                script=prepare.script,
                rooms=("recordio", "channels", "series"),
                glue_version=prepare.glue_version,
                worker_type=prepare.worker_type,
                workers=prepare.workers,
                timeout_minutes=prepare.timeout_minutes,
                modules=prepare.modules,
            ),
            log_groups=names.glue_logs,
            data=[
                locate_bucket(bucket),
                list_bucket(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                read_folders(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                write_objects(bucket, [PREPARED_PREFIX]),
                # a run into an output that has more shards or a marker by an earlier one
                delete_objects(bucket, [PREPARED_PREFIX]),
                *([] if weights is None else _read_vocabulary(weights)),
            ],
            metric_namespaces=(),
            arguments={
                "--records_uri": bucket.s3_url_for_object(RECORDS_PREFIX),
                **_column_arguments(record_schema),
                **_window_argument(prepare),
                **({"--training_hosts": str(training_hosts)} if training_hosts > 1 else {}),
                **_vocabulary_argument(weights),
                **{f"--{name}": value for name, value in prepare.arguments.items()},
                **_feature_argument(record_schema),
            },
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )
        if prepare.arguments:
            # CDK takes a word such as max_tokens for a secret's
            Annotations.of(self.job).acknowledge_warning(
                "@aws-cdk/aws-glue-alpha:plaintextJobArgumentSecret",
                "a description's arguments are in the repository: they hold no secrets",
            )


def _vocabulary_argument(weights: s3.IBucket | None) -> dict[str, str]:
    return {} if weights is None else {"--vocabulary_uri": weights.s3_url_for_object(VOCABULARY)}


def _read_vocabulary(weights: s3.IBucket) -> list[Permission]:
    """The object alone, and whether there is one: the job asks by listing."""
    return [
        allow(
            ["s3:ListBucket"],
            [weights.bucket_arn],
            conditions={"StringEquals": {"s3:prefix": VOCABULARY}},
        ),
        allow(["s3:GetObject"], [weights.arn_for_objects(VOCABULARY)]),
    ]


def _window_argument(prepare: Prepare) -> dict[str, str]:
    if prepare.window_points == 1:
        return {}
    return {"--window_points": str(prepare.window_points), "--row": prepare.row}


def _feature_argument(record_schema: RecordSchema) -> dict[str, str]:
    columns = record_schema.feature_columns
    return {"--feature_columns": ",".join(columns)} if columns else {}


def _column_arguments(record_schema: RecordSchema) -> dict[str, str]:
    """The columns by what they are; one that the records do not have is left out."""
    columns = {
        "--id_column": record_schema.id_field,
        "--series_column": record_schema.series_field,
        "--time_column": record_schema.time_field,
        "--label_column": record_schema.label_field,
        "--text_column": record_schema.text_field,
    }
    return {argument: name for argument, name in columns.items() if name is not None}
