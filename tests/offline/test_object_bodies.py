"""Larger objects lie in files, which go with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from moto.s3.models import s3_backends

from penstock.localcloud.shims import s3_bodies
from tests.offline.bare_cloud import ACCOUNT_ID, BareCloud

pytestmark = pytest.mark.offline

SMALL = bytes(range(256))
LARGE = SMALL * 1000


@pytest.fixture
def s3(bare_cloud: BareCloud) -> Any:
    s3_bodies.install(bare_cloud.patches, folder=folder(bare_cloud))
    client = bare_cloud.client("s3")
    client.create_bucket(Bucket="lake")
    return client


def folder(cloud: BareCloud) -> Path:
    return cloud.context.workdir / "objects"


def sizes(cloud: BareCloud) -> list[int]:
    """Of the files."""
    found = folder(cloud)
    return sorted(path.stat().st_size for path in found.iterdir()) if found.exists() else []


def read(s3: Any, key: str, **more: Any) -> bytes:
    body: bytes = s3.get_object(Bucket="lake", Key=key, **more)["Body"].read()
    return body


def test_an_object_is_read_as_it_was_put(s3: Any, bare_cloud: BareCloud) -> None:
    s3.put_object(Bucket="lake", Key="small", Body=SMALL)
    assert sizes(bare_cloud) == []
    put = s3.put_object(Bucket="lake", Key="large", Body=LARGE)
    assert sizes(bare_cloud) == [len(LARGE)]
    for _ in range(2):
        assert (read(s3, "small"), read(s3, "large")) == (SMALL, LARGE)
    assert read(s3, "large", Range="bytes=300-309") == LARGE[300:310]
    assert s3.head_object(Bucket="lake", Key="large")["ETag"] == put["ETag"]
    s3.copy_object(Bucket="lake", Key="copy", CopySource="lake/large")
    s3.delete_object(Bucket="lake", Key="large")
    assert read(s3, "copy") == LARGE


def test_the_files_go_with_their_objects(s3: Any, bare_cloud: BareCloud) -> None:
    for _ in range(3):  # the last one counts
        s3.put_object(Bucket="lake", Key="large", Body=LARGE)
    s3.put_object(Bucket="lake", Key="other", Body=LARGE)
    s3.delete_object(Bucket="lake", Key="other")
    assert sizes(bare_cloud) == [len(LARGE)]
    s3.put_object(Bucket="lake", Key="large", Body=SMALL)
    assert (sizes(bare_cloud), read(s3, "large")) == ([], SMALL)
    s3.put_object(Bucket="lake", Key="large", Body=LARGE)
    s3_backends[ACCOUNT_ID]["aws"].reset()
    assert sizes(bare_cloud) == []


def test_an_object_comes_in_parts(s3: Any, bare_cloud: BareCloud) -> None:
    part = LARGE * 21  # 5 MiB is the least of all but the last
    where = {"Bucket": "lake", "Key": "parts"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate((part, LARGE), start=1)
    ]
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert read(s3, "parts") == part + LARGE
    s3.delete_object(**where)
    assert sizes(bare_cloud) == []
