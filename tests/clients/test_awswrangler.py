"""awswrangler against `penstock up`: the lake as a table."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.clients.terminal import Terminal, example
from tests.runs.up_process import Up

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def rows_in_the_lake(up: Up) -> int:
    """Counted file by file, with other tools than the client's."""
    s3, lake = up.client("s3"), up.output("LakeBucketName")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix="records/")
    bodies = (
        s3.get_object(Bucket=lake, Key=found["Key"])["Body"].read()
        for page in pages
        for found in page["Contents"]
    )
    return sum(pq.read_metadata(io.BytesIO(body)).num_rows for body in bodies)


@pytest.fixture
def answers(terminal: Terminal) -> dict[str, Any]:
    """What the page's program read, and how much lay in the lake before and after."""
    before = rows_in_the_lake(terminal.up)
    found = terminal.python(
        example("awswrangler")
        + """
import json

filtered = wr.s3.read_parquet_table(
    database=database, table=table, partition_filter=lambda partition: False
)
print(json.dumps({
    "rows": len(records),
    "unique": records["id"].nunique(),
    "columns": list(records.columns),
    "labels": sorted(records["label"].unique().tolist()),
    "brightest": float(records["pixels_36"].max()),
    "years": sorted(set(this_year["year"])),
    "rows_this_year": len(this_year),
    "rows_filtered": len(filtered),
}))
"""
    )
    return {**found, "before": before, "after": rows_in_the_lake(terminal.up)}


def test_the_table_is_read_by_the_catalog_alone(
    answers: dict[str, Any], terminal: Terminal
) -> None:
    # sample records keep coming in while it reads
    assert answers["before"] <= answers["rows"] <= answers["after"]
    assert answers["unique"] > 1000
    assert answers["columns"] == [
        "id",
        *(f"pixels_{number}" for number in range(64)),
        "label",
        *("year", "month", "day", "hour"),
    ]
    assert answers["labels"] == list(range(10))
    assert answers["brightest"] == 16
    database = terminal.up.client("glue").get_databases()["DatabaseList"][0]["Name"]
    (table,) = terminal.up.client("glue").get_tables(DatabaseName=database)["TableList"]
    assert json.dumps(table["Parameters"]).count("projection") > 1
    partitions = terminal.up.client("glue").get_partitions(
        DatabaseName=database, TableName=table["Name"]
    )
    assert partitions["Partitions"] == []


def test_partitions_are_chosen_by_address_and_not_by_table(answers: dict[str, Any]) -> None:
    assert answers["before"] <= answers["rows_this_year"] <= answers["after"]
    assert all(year >= "2026" for year in answers["years"])
    # as the page warns: without registered partitions the filter is passed over
    assert answers["rows_filtered"] >= answers["rows"]
