"""Shards of Parquet files without Spark: what a task writes, what the driver makes of it."""

from __future__ import annotations

import io
import json
import pickle
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from penstock.recordio import Reader, write_dense
from penstock.recordio.spark import SparkWriteError, read_manifest, verify
from penstock.recordio.spark.layout import shard_name
from penstock.recordio.spark.output import Output
from penstock.recordio.spark.parquet_files import parquet_files
from penstock.recordio.spark.parquet_plan import columns_of, plan, read_footers
from penstock.recordio.spark.parquet_rows import read_piece
from penstock.recordio.spark.results import hold, told
from penstock.recordio.spark.s3_store import PART_BYTES
from penstock.recordio.spark.shard_count import shard_count
from penstock.recordio.spark.shard_file import write_shard
from penstock.recordio.spark.store import Store, open_store


@pytest.fixture(params=["local", "s3"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where shards go: a folder, or a prefix of a bucket."""
    if request.param == "local":
        yield str(tmp_path / "out")
        return
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket="lake")
        yield "s3://lake/out/"


def table(rows: int, first: int = 0, **columns: Any) -> pa.Table:
    numbers = np.arange(first, first + rows)
    return pa.table({"a": numbers, "b": numbers / 2, "y": numbers % 7} | columns)


def put(folder: Path, name: str, content: pa.Table, group_rows: int = 100) -> Path:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(content, path, row_group_size=group_rows)
    return path


def shards_of(
    store: Store, source: str, shards: int, *, label: str | None = "y", **choice: Any
) -> list[str]:
    """The results of all tasks, one after the other."""
    footers = read_footers(parquet_files(source))
    columns = columns_of(footers, choice.get("features"), label, choice.get("dtype", "float32"))
    return [
        told(
            lambda number=number, pieces=pieces: write_shard(
                pickle.loads(pickle.dumps(store)),
                shard_name("train", number),
                (rows for piece in pieces for rows in read_piece(piece, columns)),
                "source",
            )
        )
        for number, pieces in enumerate(
            plan(footers, min(shards, sum(footer.rows for footer in footers)))
        )
    ]


def convert(output: str, source: str, shards: int = 3, **choice: Any) -> None:
    with Output(output, ["train"]) as to:
        hold(to, shards_of(to.store, source, shards, **choice))
        to.publish("train", {})


def content(output: str) -> dict[str, bytes]:
    """All files of an output."""
    store = open_store(output)
    found = {}
    for name in store.names(""):
        with store.open(name) as file:
            found[name] = file.read()
    return found


def rows(output: str, channel: str = "train") -> list[list[float]]:
    """[features..., label] of all records of a channel."""
    found: list[list[float]] = []
    for name, body in content(output).items():
        if name.startswith(f"{channel}/"):
            for x, y in Reader(io.BytesIO(body)).batches(50):
                found += np.column_stack([x] if y is None else [x, y]).tolist()
    return found


def refusal(folder: Path, *tables: pa.Table, **choice: Any) -> str:
    for number, part in enumerate(tables):
        put(folder, f"{number}.parquet", part)
    with pytest.raises(SparkWriteError) as caught:
        convert(str(folder / "refused"), str(folder / "in"), **choice)
    assert content(str(folder / "refused")) == {}
    return str(caught.value).replace(str(folder / "in") + "/", "")


def test_all_rows_are_in_the_shards_once_and_in_order(output: str, tmp_path: Path) -> None:
    for number, (size, groups) in enumerate([(1, 9), (700, 100), (0, 9), (299, 1000), (13, 2)]):
        put(tmp_path, f"{number}.parquet", table(size, 1000 * number), groups)
    convert(output, str(tmp_path / "in"), 4)
    expected = [
        [float(np.float32(n)), float(np.float32(n / 2)), float(n % 7)]
        for start, size in ((0, 1), (1000, 700), (3000, 299), (4000, 13))
        for n in range(start, start + size)
    ]
    assert rows(output) == expected
    assert sorted(content(output)) == sorted(
        [f"train/part-0000{number}.rec" for number in range(4)]
        + ["_channels/train/_SUCCESS", "_channels/train/manifest.json"]
        + (["_channels/train/channel.json"] if output.startswith("s3") else [])
    )


def test_shards_are_about_alike_and_cut_where_row_groups_end_if_that_is_near(
    tmp_path: Path,
) -> None:
    put(tmp_path, "0.parquet", table(1000), 90)
    put(tmp_path, "1.parquet", table(10_000), 20_000)
    footers = read_footers(parquet_files(str(tmp_path / "in")))
    pieces = plan(footers, 11)
    sizes = [sum(piece.rows for piece in shard) for shard in pieces]
    assert sizes == [1000] * 11
    assert [piece.skip for shard in pieces for piece in shard][:3] == [0, 0, 1000]
    # the 500th row lies in a group of 90; the nearest end is made the cut
    assert [piece.rows for (piece, *_) in plan(footers, 22)[:2]] == [540, 460]


def test_a_shard_is_made_for_each_host_and_for_each_so_many_bytes() -> None:
    assert shard_count(1000, 100, 128_000_000, 1, "x") == 1
    assert shard_count(1000, 100, 128_000_000, 4, "x") == 4
    assert shard_count(10_000_000, 248, 128_000_000, 4, "x") == 20
    assert shard_count(3, 248, 1, 1, "x") == 3
    with pytest.raises(SparkWriteError, match="x has 3 rows, too few for a shard on each of 4"):
        shard_count(3, 248, 1, 4, "x")
    with pytest.raises(SparkWriteError, match="x has 0 rows"):
        shard_count(0, 248, 1, 1, "x")


def test_the_manifest_tells_what_is_there_and_is_verified(output: str, tmp_path: Path) -> None:
    put(tmp_path, "0.parquet", table(1000))
    convert(output, str(tmp_path / "in"))
    manifest = verify(output)
    assert manifest == read_manifest(output)
    assert manifest.rows == 1000
    files = {name: body for name, body in content(output).items() if name.startswith("train/")}
    assert {f"train/{s.name}": s.bytes for s in manifest.shards} == {
        name: len(body) for name, body in files.items()
    }
    if output.startswith("s3"):
        told_to_sagemaker = json.loads(content(output)["_channels/train/channel.json"])
        assert told_to_sagemaker == [
            {"prefix": "s3://lake/out/train/"},
            *("part-00000.rec", "part-00001.rec", "part-00002.rec"),
        ]
    store = open_store(output)
    body = bytearray(files["train/part-00001.rec"])
    body[40] ^= 1
    store.put("train/part-00001.rec", bytes(body))
    store.put("train/part-00002.rec", files["train/part-00002.rec"][:-4])
    store.delete("train/part-00000.rec")
    store.put("train/part-00009.rec", b"")
    with pytest.raises(SparkWriteError) as caught:
        verify(output)
    for word in (
        "train/part-00009.rec is not in the manifest",
        "train/part-00000.rec is missing",
        "train/part-00001.rec has other bytes",
        f"train/part-00002.rec has {len(files['train/part-00002.rec']) - 4} bytes",
    ):
        assert word in str(caught.value)


def test_a_channel_without_a_marker_is_not_complete(output: str, tmp_path: Path) -> None:
    put(tmp_path, "0.parquet", table(10))
    convert(output, str(tmp_path / "in"))
    open_store(output).delete("_channels/train/_SUCCESS")
    with pytest.raises(SparkWriteError, match=r"is not complete.*_SUCCESS"):
        verify(output)


def test_a_run_with_fewer_shards_leaves_none_of_the_earlier_ones(
    output: str, tmp_path: Path
) -> None:
    put(tmp_path, "0.parquet", table(1000))
    convert(output, str(tmp_path / "in"), 7)
    convert(output, str(tmp_path / "in"), 2)
    assert len(verify(output).shards) == 2
    assert len(rows(output)) == 1000


def test_attempts_at_one_shard_at_once_make_one_file_and_a_late_one_none(
    output: str, tmp_path: Path
) -> None:
    """Three threads are in the middle of the same shard; one ends when the run is long over."""
    put(tmp_path, "0.parquet", table(1000))
    gates = [threading.Event() for _ in range(3)]
    begun = threading.Barrier(4)
    results: dict[int, str] = {}

    def attempt(store: Store, number: int) -> None:
        def batches() -> Iterator[Any]:
            yield np.full((50, 2), number, "f4"), None
            begun.wait()
            gates[number].wait()
            yield np.full((50, 2), number, "f4"), None

        try:
            written = write_shard(store, shard_name("train", 0), batches(), "source")
            results[number] = written.to_json()
        except OSError as error:  # where attempts are files, the folder is gone
            results[number] = type(error).__name__

    with Output(output, ["train"]) as to:
        threads = [threading.Thread(target=attempt, args=(to.store, n)) for n in range(3)]
        for thread in threads:
            thread.start()
        begun.wait()
        for number in (1, 0):
            gates[number].set()
            threads[number].join()
        assert [name for name in content(output) if name.startswith("train/")] == []
        hold(to, [results[1]])
        to.publish("train", {})
    published = content(output)
    gates[2].set()
    threads[2].join()
    assert content(output) == published
    assert rows(output) == [[1.0, 1.0]] * 100
    verify(output)


class Broken(Exception):
    """A machine that goes."""


def test_an_attempt_that_fails_in_its_middle_leaves_nothing(output: str) -> None:
    def batches() -> Iterator[Any]:
        # more than a part of an upload, so that some of it is in S3
        for _ in range(3):
            yield np.zeros((PART_BYTES // 400, 100), "f4"), None
        raise Broken

    with Output(output, ["train"]) as to:
        with pytest.raises(Broken):
            write_shard(to.store, shard_name("train", 0), batches(), "source")
        assert content(output) == {}
    if output.startswith("s3"):
        assert "Uploads" not in boto3.client("s3").list_multipart_uploads(Bucket="lake")


def test_a_shard_of_many_parts_is_whole(output: str) -> None:
    features = np.random.default_rng(1).random((PART_BYTES // 160, 100), "f4")
    parts = np.array_split(features, 7)
    with Output(output, ["train"]) as to:
        written = write_shard(
            to.store, shard_name("train", 0), ((part, None) for part in parts), "source"
        )
        to.hold([written])
        to.publish("train", {})
    expected = io.BytesIO()
    write_dense(expected, features)
    assert content(output)["train/part-00000.rec"] == expected.getvalue()
    assert verify(output).total_bytes == len(expected.getvalue()) > 2 * PART_BYTES


def test_a_bad_row_ends_the_run_and_leaves_the_channel_as_it_was(
    output: str, tmp_path: Path
) -> None:
    put(tmp_path, "0.parquet", table(1000))
    convert(output, str(tmp_path / "in"), 7)
    before = content(output)
    put(tmp_path, "1.parquet", table(3, b=pa.array([1.0, None, 2.0])))
    with pytest.raises(SparkWriteError, match=r"column b is null in row 1 of .*1.parquet"):
        convert(output, str(tmp_path / "in"), 2)
    assert content(output) == before
    verify(output)
    if output.startswith("s3"):
        assert "Uploads" not in boto3.client("s3").list_multipart_uploads(Bucket="lake")


def test_a_channel_with_other_files_is_refused_before_work(output: str) -> None:
    store = open_store(output)
    store.put("train/notes.txt", b"mine")
    store.put("train/deep/part-00000.rec", b"mine")
    with pytest.raises(SparkWriteError) as caught, Output(output, ["train"]):
        pass
    assert "train/deep/part-00000.rec, train/notes.txt; remove it" in str(caught.value)


@pytest.mark.parametrize("name", ["", "_channels", "a/b", "../train", "x" * 65])
def test_a_channels_name_is_one_that_sagemaker_takes(name: str, tmp_path: Path) -> None:
    with pytest.raises(SparkWriteError, match="expected up to 64 letters"):
        Output(str(tmp_path), [name])


def lists(*rows: Sequence[float | None] | None) -> pa.Table:
    return pa.table({"x": pa.array(rows, pa.list_(pa.float64())), "y": list(range(len(rows)))})


@pytest.mark.parametrize(
    ("tables", "choice", "message"),
    [
        ([table(3)], {"features": ["a", "z"]}, "0.parquet has no column z; it has a, b, y"),
        ([table(3), table(3).drop(["b"])], {}, "1.parquet has no column b; it has a, y"),
        ([table(3)], {"label": "z"}, "0.parquet has no column z"),
        ([table(3)], {"features": ["a", "a"]}, "0.parquet: named more than once: a"),
        ([table(3)], {"features": ["a", "y"]}, "0.parquet: named more than once: y"),
        ([table(3).select(["y"])], {}, "0.parquet has no column of features"),
        ([table(3)], {"dtype": "float16"}, "dtype is 'float16': expected float32, float64, int32"),
        ([table(2, b=["u", "v"])], {}, "0.parquet: column b is string: expected numbers"),
        ([table(2), table(2, y=["u", "v"])], {}, "1.parquet: column y is string: expected numbers"),
        ([table(2), table(2, b=[[1], [2]])], {}, "1.parquet: column b is list<"),
        ([table(2, b=[1.0, None])], {}, "column b is null in row 1 of 0.parquet"),
        ([table(2), table(2, y=[None, 1])], {}, "column y is null in row 0 of 1.parquet"),
        ([table(2, b=[1.5, 2.0])], {"dtype": "int32"}, "column b is 1.5 in row 0 of 0.parquet: in"),
        ([table(2, b=[1, np.nan])], {"dtype": "int32"}, "column b is nan in row 1 of 0.parquet: i"),
        ([table(2, b=[1, 2**31])], {"dtype": "int32"}, "column b is 2147483648 in row 1 of 0.parq"),
        (
            [table(2, b=[1, 1e39])],
            {},
            "column b is 1e+39 in row 1 of 0.parquet: it is beyond float",
        ),
        ([table(2, y=[1, 2**25])], {}, "column y is 33554432 in row 1 of 0.parquet: a float"),
        ([lists([1, 2], [3])], {}, "column x has 1 numbers in row 1 of 0.parquet, others have 2"),
        ([lists([1, 2], None)], {}, "column x is null in row 1 of 0.parquet"),
        ([lists([1, 2], [3, None])], {}, "column x is null in row 1 of 0.parquet (number 1 of its"),
        ([lists([]), lists([1])], {}, "column x is an empty list in row 0 of 0.parquet"),
        ([lists([1, 2]), lists([1])], {}, "column x has 1 numbers in row 0 of 1.parquet"),
    ],
)
def test_what_cannot_be_written_is_told_by_column_file_and_row(
    tmp_path: Path, tables: list[pa.Table], choice: dict[str, Any], message: str
) -> None:
    assert message in refusal(tmp_path, *tables, **choice)


def test_the_row_is_counted_in_its_file_whatever_the_shard(tmp_path: Path) -> None:
    numbers: list[float | None] = [1.0] * 5000
    numbers[4321] = None
    put(tmp_path, "in.parquet", table(5000, b=numbers), 512)
    with pytest.raises(SparkWriteError, match=r"column b is null in row 4321 of .*in.parquet"):
        convert(str(tmp_path / "out"), str(tmp_path / "in"), 3)


@pytest.mark.parametrize("form", [pa.list_(pa.float32()), pa.list_(pa.float32(), 2)])
def test_one_column_of_lists_is_the_same_as_a_column_for_each_number(
    tmp_path: Path, form: Any
) -> None:
    columns = table(100)
    joined = np.column_stack([columns["a"].to_numpy(), columns["b"].to_numpy()]).astype("f4")
    put(tmp_path, "columns.parquet", columns)
    listed = pa.table({"y": columns["y"], "x": pa.array(list(joined), form)})
    put(tmp_path, "lists/0.parquet", listed)
    convert(str(tmp_path / "1"), str(tmp_path / "in" / "columns.parquet"))
    convert(str(tmp_path / "2"), str(tmp_path / "in" / "lists"))
    one, two = content(str(tmp_path / "1")), content(str(tmp_path / "2"))
    names = [name for name in one if name.startswith("train/")]
    assert len(names) == 3
    assert [one[name] for name in names] == [two[name] for name in names]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_the_bytes_are_those_of_write_dense(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(2).integers(-1000, 1000, (500, 2))
    put(
        tmp_path,
        "0.parquet",
        pa.table({"y": values[:, 0] % 5, "a": values[:, 0], "b": values[:, 1]}),
    )
    convert(str(tmp_path / "out"), str(tmp_path / "in"), 1, dtype=dtype, features=["b", "a"])
    expected = io.BytesIO()
    write_dense(expected, values[:, ::-1].astype(dtype), values[:, 0] % 5)
    assert content(str(tmp_path / "out"))["train/part-00000.rec"] == expected.getvalue()


def test_files_that_are_no_data_are_not_read(tmp_path: Path) -> None:
    for name in ("a/1.parquet", "b.parquet", "_temporary/2.parquet", "a/.3.parquet"):
        put(tmp_path, name, table(1))
    (tmp_path / "in" / "_SUCCESS").touch()
    (tmp_path / "in" / "notes.txt").touch()
    found = [file.uri for file in parquet_files(str(tmp_path / "in"))]
    assert found == [str(tmp_path / "in" / name) for name in ("a/1.parquet", "b.parquet")]
    with pytest.raises(SparkWriteError, match="no Parquet files"):
        parquet_files(str(tmp_path / "nowhere"))
    with pytest.raises(SparkWriteError, match=r"notes.txt cannot be read as Parquet"):
        read_footers(parquet_files(str(tmp_path / "in" / "notes.txt")))


def test_files_are_read_from_s3_and_a_change_meanwhile_is_told(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lake")
        for key in ("in/a.parquet", "in/deep/b.parquet", "in/_c/c.parquet", "inner/d.parquet"):
            s3.upload_file(put(tmp_path, "0.parquet", table(300)), "lake", key)
        s3.put_object(Bucket="lake", Key="in/empty.parquet", Body=b"")
        files = parquet_files("s3a://lake/in")
        assert [file.uri for file in files] == [
            "s3://lake/in/a.parquet",
            "s3://lake/in/deep/b.parquet",
        ]
        assert (
            parquet_files(["s3://lake/in/deep/b.parquet", "s3://lake/in/a.parquet"]) == files[::-1]
        )
        convert("s3://lake/out", "s3://lake/in/")
        assert len(rows("s3://lake/out")) == 600
        footers = read_footers(files)
        columns = columns_of(footers, None, "y", "float32")
        s3.upload_file(put(tmp_path, "0.parquet", table(300, 5)), "lake", "in/a.parquet")
        with pytest.raises(
            SparkWriteError, match=r"s3://lake/in/a.parquet changed while it was read"
        ):
            list(read_piece(plan(footers, 1)[0][0], columns))


def test_a_local_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    put(tmp_path, "0.parquet", table(300))
    footers = read_footers(parquet_files(str(tmp_path / "in")))
    columns = columns_of(footers, None, "y", "float32")
    put(tmp_path, "0.parquet", table(301))
    with pytest.raises(SparkWriteError, match="changed while it was read"):
        list(read_piece(plan(footers, 1)[0][0], columns))
