"""Builds the archives of Spark's Java classes that a job's Java starts from; `make setup` runs it.

Class data sharing (JEP 310, JEP 350): Java maps classes that it has parsed and checked before,
instead of unpacking them from some 250 jars. What a job sees stays the same. Java checks that the
jars are those of the archive, and does without it if not.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.localcloud.runtimes import GlueRuntime, glue_runtime
from penstock.localcloud.server import MotoServer
from penstock.localcloud.workers.glue import spark

_GLUE_VERSIONS = ("5.1",)
_BUCKET = "classes"
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
}
# what most jobs do, so that its classes are loaded: Parquet on S3, a shuffle, Python on both ways
_PROGRAM = f"""
from pyspark import SparkContext
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
rows = spark.read.parquet("s3://{_BUCKET}/rows.parquet").selectExpr("sha2(key, 256) as key", "x")
sorted_rows = rows.repartition("key").sortWithinPartitions("key")
assert sorted_rows.mapInArrow(lambda batches: batches, "key string, x double").count() == 3
assert spark.sparkContext.parallelize([1, 2], 2).mapPartitions(lambda part: part).count() == 2
java = SparkContext._gateway.proc
spark.stop()
java.stdin.close()
java.wait()  # it writes the archive when it ends
"""


def build(runtime: GlueRuntime) -> None:
    """Write both archives of a runtime: Java's own classes, and Spark's on top of them."""
    base, top = runtime.class_archives
    runtime.empty_folder.mkdir(parents=True, exist_ok=True)
    java = runtime.java_home / "bin" / "java"
    _quietly([java, *spark.JAVA_OPTIONS, "-Xshare:dump", f"-XX:SharedArchiveFile={base}"])
    server = MotoServer(account_id="123456789012")
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _train(runtime, server.endpoint_url, Path(folder), base, top)
    finally:
        server.stop()


def _train(runtime: GlueRuntime, endpoint_url: str, folder: Path, base: Path, top: Path) -> None:
    pq.write_table(pa.table({"key": ["a", "b", "c"], "x": [1.0, 2.0, 3.0]}), folder / "rows")
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    s3.create_bucket(Bucket=_BUCKET)
    s3.upload_file(str(folder / "rows"), _BUCKET, "rows.parquet")
    archive = f"-XX:SharedArchiveFile={base} -XX:ArchiveClassesAtExit={top}"
    options = f"{' '.join(spark.JAVA_OPTIONS)} {archive} -Xlog:disable"
    spark.configure(
        folder / "conf",
        runtime=runtime,
        endpoint_url=endpoint_url,
        jars=[],
        conf={"spark.driver.extraJavaOptions": f"{options} -Djava.io.tmpdir={folder}"},
        temporary=folder,
    )
    environment = spark.environment(
        runtime=runtime, conf_folder=folder / "conf", home=folder, python_path=[]
    )
    _quietly([runtime.python, "-c", _PROGRAM], {**environment, **_CREDENTIALS})


def _quietly(command: list[str | Path], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    for version in _GLUE_VERSIONS:
        build(glue_runtime(version))
