"""Spark through s3a against `penstock up`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.clients.terminal import Terminal, example, spark_home

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def test_the_lake_is_read(terminal: Terminal) -> None:
    lake = terminal.up.output("LakeBucketName")
    glue = Path(sys.prefix) / "runtimes" / "glue-5.1"
    program = (
        example("Apache Spark").replace("LAKE_BUCKET", lake)
        + """
import json

counted = {str(row["label"]): row["count"] for row in records.groupBy("label").count().collect()}
print(json.dumps([records.columns, counted]))
"""
    )
    said = terminal.run([str(glue / "bin" / "python"), "-c", program], **spark_home(glue))
    columns, counted = json.loads(said.splitlines()[-1])
    assert columns[-5:] == ["label", "year", "month", "day", "hour"]
    assert set(counted) == {str(label) for label in range(10)}
    assert sum(counted.values()) > 1000


def test_what_is_written_into_the_encrypted_lake_is_read_again(terminal: Terminal) -> None:
    lake = terminal.up.output("LakeBucketName")
    glue = Path(sys.prefix) / "runtimes" / "glue-5.1"
    program = (
        example("Apache Spark").replace("LAKE_BUCKET", lake)
        + f"""
labels = records.where("label < 3").select("id", "label")
labels.coalesce(1).write.parquet("s3a://{lake}/spark/labels/")
print(spark.read.parquet("s3a://{lake}/spark/labels/").select("label").distinct().count())
"""
    )
    said = terminal.run([str(glue / "bin" / "python"), "-c", program], **spark_home(glue))
    assert int(said.splitlines()[-1]) == 3
    s3 = terminal.up.client("s3")
    (part,) = s3.list_objects_v2(Bucket=lake, Prefix="spark/labels/part-")["Contents"]
    found = s3.head_object(Bucket=lake, Key=part["Key"])
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"]
