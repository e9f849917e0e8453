"""`penstock recordio` reads and writes s3:// as it does paths, and leaves no upload behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from penstock.cli.main import app
from penstock.recordio import write_dense
from tests.offline.bare_cloud import REGION, running_server

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("recordio-s3")]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client; the environment's own session finds the same server."""
    with (
        running_server(tmp_path_factory.mktemp("cloud")) as context,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL", context.clients.endpoint_url)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        client = context.clients.deployer("s3")
        client.create_bucket(Bucket="lake")
        yield client


def run(*arguments: str, code: int = 0) -> list[str]:
    done = CliRunner().invoke(app, ["recordio", *arguments])
    assert done.exit_code == code, done.output
    return done.output.splitlines()


def keys(s3: Any, prefix: str) -> list[str]:
    found = s3.list_objects_v2(Bucket="lake", Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def body(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket="lake", Key=key)["Body"].read())


def uploads(s3: Any) -> int:
    return len(s3.list_multipart_uploads(Bucket="lake").get("Uploads", []))


def test_all_formats_go_there_and_back(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket="lake", Key="in/a.csv", Body=b"1,2.5,3\n0,4,0.1\n")
    previous = "s3://lake/in/a.csv"
    for ending in ("rec", "parquet", "jsonl.gz", "libsvm", "csv"):
        target = f"s3://lake/out/a.{ending}"
        said = run("convert", previous, target)
        assert said[1].startswith(f"{target}: ")
        previous = target
    assert body(s3, "out/a.csv") == b"1,2.5,3\n0,4,0.1\n"
    size = len(body(s3, "out/a.rec"))
    assert run("verify", "s3://lake/out/a.rec") == [
        f"s3://lake/out/a.rec: 2 records, {size} bytes, nothing wrong"
    ]


def test_large_ones_are_uploaded_in_parts_and_put_together_again(s3: Any, tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.random.default_rng(0).random((50_000, 100), np.float32))
    whole = str(tmp_path / "a.rec")
    run("split", whole, "s3://lake/parts/", "--shard-mb", "9")
    assert keys(s3, "parts/") == [f"parts/part-0000{n}.rec" for n in range(3)]
    assert uploads(s3) == 0
    (line,) = run("split", whole, "s3://lake/parts", "--parts", "2", code=2)
    assert "s3://lake/parts/part-00000.rec is there already" in line
    parts = [f"s3://lake/{key}" for key in keys(s3, "parts/")]
    run("merge", *parts, "s3://lake/whole.rec")
    assert body(s3, "whole.rec") == (tmp_path / "a.rec").read_bytes()
    etag = s3.head_object(Bucket="lake", Key="whole.rec")["ETag"]
    assert etag.endswith('-3"')  # of an upload in three parts
    assert uploads(s3) == 0


def test_parquet_is_made_shards(s3: Any, tmp_path: Path) -> None:
    x = np.arange(300_000, dtype=np.float32).reshape(-1, 3)
    pq.write_table(pa.table([x[:, 0] % 2, *x.T], ["label", "a", "b", "c"]), tmp_path / "a.parquet")
    s3.upload_file(str(tmp_path / "a.parquet"), "lake", "in/a.parquet")
    said = run("convert", "s3://lake/in/a.parquet", "s3://lake/shards", "--shard-mb", "2")
    assert said[0] == "100000 rows of 3 float32 values and float32 label"
    assert said[-2].startswith("3 files, ")
    assert len(keys(s3, "shards/part-")) == 3


def test_what_breaks_leaves_no_object_and_no_upload(s3: Any, tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.zeros((50_000, 100), np.float32))
        file.write(b"wrong")
    whole = str(tmp_path / "a.rec")
    (line,) = run("merge", whole, "s3://lake/broken.rec", code=2)
    assert "a.rec: record 50000 at byte " in line
    run("split", whole, "s3://lake/broken", "--records", "20000", code=2)
    assert keys(s3, "broken") == []
    assert uploads(s3) == 0


def test_what_is_not_there_is_one_line(s3: Any, tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.zeros((2, 2), np.float32))
    whole = str(tmp_path / "a.rec")
    (line,) = run("verify", "s3://lake/none.rec", code=2)
    assert line.startswith("penstock: s3://lake/none.rec: ")
    assert "NoSuchKey" in line
    (line,) = run("merge", whole, "s3://desert/a.rec", code=2)
    assert line.startswith("penstock: s3://desert/a.rec: ")
    assert "NoSuchBucket" in line
    (line,) = run("split", whole, "s3://desert/parts", "--parts", "2", code=2)
    assert "NoSuchBucket" in line
