"""A Glue job that dies half way through its output, and is run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.offline.glue_lab import GlueLab
from tests.offline.test_glue_worker import create_prepare_job, put_parquet, rows, shards

pytestmark = [
    pytest.mark.offline,
    pytest.mark.runtime,
    pytest.mark.xdist_group("glue-faults"),
]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[GlueLab]:
    lab = GlueLab(tmp_path, faults=["glue-fails-midway"])
    yield lab
    lab.close()


def files(cloud: GlueLab, prefix: str) -> dict[str, bytes]:
    listed = cloud.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
    return {item["Key"].removeprefix(prefix): cloud.get(item["Key"]) for item in listed}


def test_what_is_trained_on_after_a_second_run_is_what_one_run_would_have_written(
    cloud: GlueLab,
) -> None:
    records = rows(3000)
    for part in range(4):
        put_parquet(cloud, f"records/{part}.parquet", records[part::4])
    create_prepare_job(cloud, "prepare")
    source = {"--records_uri": "s3://lake/records/"}

    def run(output: str) -> dict[str, str]:
        return cloud.run("prepare", Arguments={**source, "--output_uri": f"s3://lake/{output}/"})

    died = run("twice")
    half = files(cloud, "twice/")
    assert died["JobRunState"] == "FAILED"
    assert half, "some files are there"
    # it is written last: whoever finds it finds all of them
    assert "summary.json" not in half
    again, calm = run("twice"), run("calm")
    assert again["JobRunState"] == calm["JobRunState"] == "SUCCEEDED"

    mended, whole = files(cloud, "twice/"), files(cloud, "calm/")
    assert mended.keys() == whole.keys()
    # these two name the output itself
    same = {n for n in whole if not n.endswith(("summary.json", "channel.json"))}
    for name in same:
        assert mended[name] == whole[name], name
    # no shard was half, and no marker too early: what was there already was as it had to be
    assert all(whole[name] == body for name, body in half.items() if name in same)
    for name in half:
        if name.endswith("/_SUCCESS"):
            channel = name.split("/")[1] + "/"
            assert {n for n in whole if n.startswith(channel)} <= half.keys()
    trained_on = shards(cloud, "twice/train/") + shards(cloud, "twice/validation/")
    assert len(trained_on) + len(shards(cloud, "twice/test/")) == len(records)
    (entry,) = cloud.faults.entries()
    assert entry["happened"] == 1
    assert "a Glue job was killed after" in entry["line"]
    assert "the run of prepare is FAILED" in entry["line"]
