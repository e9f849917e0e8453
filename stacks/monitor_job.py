"""The Glue job that makes baselines and compares captured requests, or answers, with them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Monitor, Network
from stacks.names import CAPTURE_PREFIX, MONITOR_PREFIX, PREPARED_PREFIX, Names
from stacks.policies import list_bucket, locate_bucket, read_folders, write_objects
from stacks.spark_job import SparkJob, SparkProgram

# the version whose libraries penstock.monitor and its wheel are tested with
GLUE_VERSION = "5.1"
WORKER_TYPE = "G.1X"
# as penstock.monitor writes it; see the conflict of its sources in docs/monitor.md
METRIC_NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"


class MonitorJob(SparkJob):
    """One job of two purposes, --purpose baseline and --purpose check, which each run gives."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        monitor: Monitor,
        row_columns: Sequence[str],
        bucket: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        prefixes = [CAPTURE_PREFIX, PREPARED_PREFIX, MONITOR_PREFIX]
        super().__init__(
            scope,
            construct_id,
            names=names,
            label="monitor",
            description=f"Makes baselines and compares the captured {monitor.of} with them",
            program=SparkProgram(
                script="jobs/monitor_data_quality.py",
                rooms=("recordio", "monitor"),
                glue_version=GLUE_VERSION,
                worker_type=WORKER_TYPE,
                workers=monitor.workers,
                timeout_minutes=monitor.timeout_minutes,
                takes_wheels=True,
            ),
            log_groups=names.monitor_job_logs,
            data=[
                locate_bucket(bucket),
                list_bucket(bucket, prefixes),
                read_folders(bucket, prefixes),
                write_objects(bucket, [MONITOR_PREFIX]),
            ],
            metric_namespaces=[METRIC_NAMESPACE],
            arguments=_columns(monitor, row_columns),
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )


def _columns(monitor: Monitor, row_columns: Sequence[str]) -> dict[str, str]:
    """What the job reads, as its argument."""
    if monitor.of == "requests":
        return {"--feature_columns": ",".join(row_columns)}
    columns = ",".join(f"{name}:{kind}" for name, kind in monitor.columns.items())
    return {"--answer_columns": columns}
