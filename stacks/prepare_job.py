"""The Glue job that makes training channels of the lake's records."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network, Prepare, RecordSchema
from stacks.names import PREPARED_PREFIX, RECORDS_PREFIX, Names
from stacks.policies import list_bucket, locate_bucket, read_folders, write_objects
from stacks.spark_job import SparkJob, SparkProgram


class PrepareJob(SparkJob):
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
            ),
            log_groups=names.glue_logs,
            data=[
                locate_bucket(bucket),
                list_bucket(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                read_folders(bucket, [RECORDS_PREFIX, PREPARED_PREFIX]),
                write_objects(bucket, [PREPARED_PREFIX]),
            ],
            metric_namespaces=(),
            arguments={
                "--records_uri": bucket.s3_url_for_object(RECORDS_PREFIX),
                **_column_arguments(record_schema),
                **_window_argument(prepare),
                **{f"--{name}": value for name, value in prepare.arguments.items()},
                "--feature_columns": ",".join(record_schema.feature_columns),
            },
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )


def _window_argument(prepare: Prepare) -> dict[str, str]:
    if prepare.window_points == 1:
        return {}
    return {"--window_points": str(prepare.window_points), "--row": prepare.row}


def _column_arguments(record_schema: RecordSchema) -> dict[str, str]:
    """The columns by what they are; one that the records do not have is left out."""
    columns = {
        "--id_column": record_schema.id_field,
        "--series_column": record_schema.series_field,
        "--time_column": record_schema.time_field,
        "--label_column": record_schema.label_field,
    }
    return {argument: name for argument, name in columns.items() if name is not None}
