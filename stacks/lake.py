"""The lake: the bucket that records and prepared channels live in, and the table over it."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Pipeline, RecordSchema
from stacks.data_bucket import data_bucket
from stacks.layer import Layer
from stacks.names import (
    CAPTURE_PREFIX,
    ERRORS_PREFIX,
    MONITOR_PREFIX,
    PREPARED_PREFIX,
    RECORDS_PREFIX,
    REPORTS_PREFIX,
    STREAM_SCORES_ERRORS_PREFIX,
    Names,
)
from stacks.removal import Removal

ERRORS_DAYS = 90
PREPARED_DAYS = 30
# customers' requests: as long as the training data that they are compared with, no longer
CAPTURE_DAYS = 30
# small, and a year of them shows what is a season and what is drift
REPORTS_DAYS = 365
_TYPES = {
    "string": glue.Schema.STRING,
    "double": glue.Schema.DOUBLE,
    "int": glue.Schema.INTEGER,
    "bigint": glue.Schema.BIG_INT,
}


class Lake(Layer):
    """Records as Parquet under records/, what could not be delivered under errors/.

    Where requests are captured they lie under capture/, what the monitor makes under monitor/,
    and where the stream is scored its scores lie under scores/.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        given_bucket: str | None,
        key: kms.IKey,
        access_logs_bucket_name: str,
        removal: Removal,
    ) -> None:
        super().__init__(
            scope, construct_id, names=names, description="Lake bucket and table of the pipeline"
        )
        expiring = {ERRORS_PREFIX: ERRORS_DAYS, PREPARED_PREFIX: PREPARED_DAYS}
        if pipeline.serving.capture is not None:
            expiring[CAPTURE_PREFIX] = CAPTURE_DAYS
            CfnOutput(self, "CapturePrefix", value=CAPTURE_PREFIX)
        if pipeline.monitor is not None:
            # baselines stay: a model may be served for longer than any number of days
            expiring[REPORTS_PREFIX] = REPORTS_DAYS
            CfnOutput(self, "MonitorPrefix", value=MONITOR_PREFIX)
        if pipeline.scoring is not None:
            expiring[STREAM_SCORES_ERRORS_PREFIX] = ERRORS_DAYS
        self.bucket: s3.IBucket = data_bucket(
            self,
            "Lake",
            given=given_bucket,
            key=key,
            access_logs_bucket_name=access_logs_bucket_name,
            removal=removal,
            expire_after_days=expiring,
        )
        # a description of data, not data; kept, its name would stop the next deployment
        self.database = glue.Database(self, "Database", removal_policy=RemovalPolicy.DESTROY)
        self.table = self._build_table(pipeline.record_schema)
        CfnOutput(self, "LakeBucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "RecordsPrefix", value=RECORDS_PREFIX)
        CfnOutput(self, "ErrorsPrefix", value=ERRORS_PREFIX)
        CfnOutput(self, "PreparedPrefix", value=PREPARED_PREFIX)

    def _build_table(self, record_schema: RecordSchema) -> glue.S3Table:
        """Flat columns of the schema; partitions are projected, so no crawler is needed.

        Athena reads the projection; Spark does not, which is why the Glue job reads by path.
        """

        def part(maximum: int, minimum: int, digits: int) -> glue.PartitionProjectionConfiguration:
            return glue.PartitionProjectionConfiguration.integer(
                min=minimum, max=maximum, digits=digits
            )

        return glue.S3Table(
            self,
            "Records",
            database=self.database,
            description="Records as delivered, one column per value",
            storage=glue.S3TableStorage.from_bucket(self.bucket),
            s3_prefix=RECORDS_PREFIX,
            data_format=glue.DataFormat.PARQUET,
            columns=[
                glue.Column(name=name, type=_TYPES[kind]) for name, kind in record_schema.columns
            ],
            partition_keys=[
                glue.Column(name=name, type=glue.Schema.STRING)
                for name in ("year", "month", "day", "hour")
            ],
            partition_projection={
                "year": part(2099, 2020, 4),
                "month": part(12, 1, 2),
                "day": part(31, 1, 2),
                "hour": part(23, 0, 2),
            },
        )
