"""A run's files without Spark: shards of the channels, held-out rows, counts, bad rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pytest
from moto import mock_aws

from penstock.channels import (
    FILES,
    Layout,
    PrepareError,
    channel_counts,
    hold,
    named_once,
    publish,
    shard_writer,
)
from penstock.recordio import Reader
from penstock.recordio.spark import verify
from penstock.recordio.spark.output import Output

LAYOUT = Layout(
    output_uri="s3://lake/prepared/1/",
    channels=("train", "test"),
    train_shards=2,
    label_column="odd",
    feature_columns=("a", "b"),
    unlabelled=("train",),
    id_column="key",
)


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        yield s3


def row(group: int, name: str | None, label: float | None, *features: float) -> dict[str, Any]:
    return {"group": group, "id": name, "label": label, "features": list(features)}


def written(*rows: dict[str, Any], portion: int = 2, layout: Layout = LAYOUT) -> list[Any]:
    """The counts of one task that is handed these rows, so many at a time."""
    schema = pa.schema(
        [
            ("group", pa.int32()),
            ("id", pa.string()),
            ("label", pa.float64()),
            ("features", pa.list_(pa.float32())),
        ]
    )
    batches = pa.Table.from_pylist(list(rows), schema).to_batches(max_chunksize=portion)
    with Output(layout.output_uri, layout.folders, FILES) as output:
        table = pa.Table.from_batches(shard_writer(layout, output.store)(iter(batches)))
        counts = [SimpleNamespace(**found) for found in table.to_pylist()]
        hold(output, counts)
        if not any(row.error for row in counts):
            publish(output, layout)
    return counts


def content(lake: Any, key: str) -> bytes:
    body: bytes = lake.get_object(Bucket="lake", Key=f"prepared/1/{key}")["Body"].read()
    return body


def test_each_group_is_a_file_and_each_id_is_in_it_once(lake: Any) -> None:
    counts = written(
        row(0, "x", None, 1, 2),
        row(1, "y", None, 3, 4),
        row(1, "y", None, 9, 9),
        row(1, "y", None, 9, 9),
        row(2, "z", 1, 5, 0.1),
    )
    ((x, labels),) = Reader(io.BytesIO(content(lake, "train/part-00001.rec"))).batches(9)
    assert (x.tolist(), labels) == ([[3, 4]], None)
    ((x, labels),) = Reader(io.BytesIO(content(lake, "test/part-00000.rec"))).batches(9)
    assert labels is not None
    assert (x.tolist(), labels.tolist()) == ([[5, np.float32(0.1)]], [1])
    assert content(lake, "holdout/test.csv") == b"id,label,a,b\nz,1,5,0.100000001\n"
    assert content(lake, "holdout/test_features.csv") == b"5,0.100000001\n"
    assert [(count.records_read, count.unique) for count in counts] == [(1, 1), (3, 1), (1, 1)]
    channels = channel_counts(counts, LAYOUT)
    sizes = [len(content(lake, f"train/part-0000{part}.rec")) for part in (0, 1)]
    assert channels["train"] == {"records": 2, "bytes": sum(sizes), "parts": 2}
    assert channels["test"]["records"] == 1
    for folder, parts in (("train", 2), ("test", 1), ("holdout", 2)):
        assert len(verify("s3://lake/prepared/1/", folder).shards) == parts


SPARSE = [
    row(2, "x", None, 1, 2),
    row(2, "x", None, 1, 2),
    row(2, "y", 0, 3, 4),
    row(2, "z", None, 5, 6),
]


def test_held_out_rows_without_a_label_are_not_in_the_test_channel(lake: Any) -> None:
    layout = replace(LAYOUT, test_rows="labelled")
    counts = written(*SPARSE, portion=1, layout=layout)
    ((x, labels),) = Reader(io.BytesIO(content(lake, "test/part-00000.rec"))).batches(9)
    assert labels is not None
    assert (x.tolist(), labels.tolist()) == ([[3, 4]], [0])
    assert content(lake, "holdout/test.csv") == b"id,label,a,b\nx,,1,2\ny,0,3,4\nz,,5,6\n"
    assert content(lake, "holdout/test_features.csv") == b"1,2\n3,4\n5,6\n"
    test = channel_counts(counts, layout)["test"]
    assert (test["records"], test["parts"]) == (1, 1)


def test_held_out_rows_are_kept_without_a_test_channel(lake: Any) -> None:
    layout = replace(LAYOUT, test_rows="none")
    counts = written(*SPARSE, layout=layout)
    listed = lake.list_objects_v2(Bucket="lake")["Contents"]
    assert {item["Key"].removeprefix("prepared/1/") for item in listed} == {
        *("holdout/test.csv", "holdout/test_features.csv"),
        *(f"_channels/holdout/{name}" for name in ("manifest.json", "channel.json", "_SUCCESS")),
    }
    assert content(lake, "holdout/test.csv").splitlines()[1:] == [b"x,,1,2", b"y,0,3,4", b"z,,5,6"]
    assert channel_counts(counts, layout)["test"] == {"records": 0, "bytes": 0, "parts": 0}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(2, "z", None, 1, 2), "record z has no finite number in column odd (1 records"),
        (row(0, "x", None, 1, np.inf), "record x has no finite number in column b (1 records"),
        (row(2, None, 1, 1, 2), "1 records have no value in column key"),
    ],
)
def test_a_bad_row_is_told_by_its_column(lake: Any, bad: dict[str, Any], message: str) -> None:
    with pytest.raises(PrepareError) as caught:
        channel_counts(written(row(0, "a", None, 1, 2), bad, portion=1), LAYOUT)
    assert str(caught.value).startswith(message)
    assert "Contents" not in lake.list_objects_v2(Bucket="lake")
    assert "Uploads" not in lake.list_multipart_uploads(Bucket="lake")


def test_what_an_earlier_run_has_left_is_not_trained_on(lake: Any) -> None:
    written(row(0, "x", None, 1, 2), row(1, "y", None, 3, 4), row(2, "z", 1, 5, 6))
    written(row(1, "y", None, 3, 4), layout=replace(LAYOUT, test_rows="none"))
    keys = {item["Key"] for item in lake.list_objects_v2(Bucket="lake")["Contents"]}
    assert {key.removeprefix("prepared/1/") for key in keys} == {
        "train/part-00001.rec",
        *(f"_channels/train/{name}" for name in ("manifest.json", "channel.json", "_SUCCESS")),
    }


def test_a_column_has_one_part_to_play() -> None:
    named_once(["a", "b"])
    with pytest.raises(PrepareError, match="named more than once: a"):
        named_once(["a", "b", "a"])
