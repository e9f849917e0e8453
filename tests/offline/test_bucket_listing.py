"""A listing of a versioned bucket shows what is there, not what was."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.shims import s3

pytestmark = pytest.mark.offline


def test_a_deleted_folder_is_listed_no_more(bare_cloud: Any) -> None:
    s3.install(bare_cloud.patches)
    client = bare_cloud.client("s3")
    client.create_bucket(Bucket="lake")
    client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    for key in ("here/a", "gone/a", "gone/b", "half/a", "half/b", "top", "past"):
        client.put_object(Bucket="lake", Key=key, Body=b"x")
    for key in ("gone/a", "gone/b", "half/a", "past"):
        client.delete_object(Bucket="lake", Key=key)

    for listing in (client.list_objects_v2, client.list_objects):
        found = listing(Bucket="lake", Delimiter="/")
        assert [prefix["Prefix"] for prefix in found["CommonPrefixes"]] == ["half/", "here/"]
        assert [item["Key"] for item in found["Contents"]] == ["top"]
        assert "CommonPrefixes" not in listing(Bucket="lake", Prefix="g", Delimiter="/")
        assert [item["Key"] for item in listing(Bucket="lake", Prefix="half/")["Contents"]] == [
            "half/b"
        ]

    client.put_object(Bucket="lake", Key="gone/a", Body=b"again")
    found = client.list_objects_v2(Bucket="lake", Prefix="gone/", Delimiter="/")
    assert [item["Key"] for item in found["Contents"]] == ["gone/a"]
