"""S3's DeleteObjects in the local cloud: each key is decided by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import AuthorizationLab, allow, policy, refused, said

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("delete-objects")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def listed(lab: AuthorizationLab, bucket: str) -> list[str]:
    found = lab.admin("s3").list_objects_v2(Bucket=bucket)
    return [one["Key"] for one in found.get("Contents", [])]


def delete(client: Any, bucket: str, *objects: dict[str, str] | str) -> dict[str, Any]:
    named = [{"Key": one} if isinstance(one, str) else one for one in objects]
    return dict(client.delete_objects(Bucket=bucket, Delete={"Objects": named}))


def test_what_may_be_deleted_is_and_the_rest_is_told(lab: AuthorizationLab) -> None:
    name = lab.bucket("open/a", "shut/ <a> & b", "open/c", "shut/z")
    s3 = lab.client("s3", allow("s3:DeleteObject", f"arn:aws:s3:::{name}/open/*"))
    answer = delete(s3, name, "open/a", "shut/ <a> & b", "open/c", "shut/z", "open/never")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [one["Key"] for one in answer["Deleted"]] == ["open/a", "open/c", "open/never"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [
        ("shut/ <a> & b", "AccessDenied"),
        ("shut/z", "AccessDenied"),
    ]
    resource = f'"arn:aws:s3:::{name}/shut/z"'
    assert answer["Errors"][1]["Message"].endswith(said("s3:DeleteObject", resource))
    assert listed(lab, name) == ["shut/ <a> & b", "shut/z"]
    denied = [line for line in lab.denied() if name in line]
    assert len(denied) == 2


def test_nothing_is_deleted_where_nothing_may_be(lab: AuthorizationLab) -> None:
    name = lab.bucket("a", "b")
    answer = delete(lab.client("s3"), name, "a", "b")
    assert [one["Key"] for one in answer["Errors"]] == ["a", "b"]
    assert "Deleted" not in answer
    assert listed(lab, name) == ["a", "b"]


def test_a_version_is_an_action_of_its_own(lab: AuthorizationLab) -> None:
    name = lab.bucket()
    admin = lab.admin("s3")
    admin.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = admin.put_object(Bucket=name, Key="a", Body=b"a")["VersionId"]
    s3 = lab.client("s3", allow("s3:DeleteObject", f"arn:aws:s3:::{name}/*"))
    answer = delete(s3, name, {"Key": "a", "VersionId": version}, "a")
    (error,) = answer["Errors"]
    assert (error["Key"], error["VersionId"], error["Code"]) == ("a", version, "AccessDenied")
    assert [one["Key"] for one in answer["Deleted"]] == ["a"]
    assert admin.get_object(Bucket=name, Key="a", VersionId=version)["Body"].read() == b"a"


def test_a_bucket_policy_keeps_its_keys_from_the_deployer(lab: AuthorizationLab) -> None:
    name = lab.bucket("kept/a", "b")
    admin = lab.admin("s3")
    kept = f"arn:aws:s3:::{name}/kept/*"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": kept}
    admin.put_bucket_policy(Bucket=name, Policy=policy(deny))
    answer = delete(admin, name, "kept/a", "b")
    assert [one["Key"] for one in answer["Errors"]] == ["kept/a"]
    assert answer["Errors"][0]["Message"].endswith("explicit deny in a resource-based policy")
    assert listed(lab, name) == ["kept/a"]


def test_a_bucket_that_is_not_there_is_missing(lab: AuthorizationLab) -> None:
    s3 = lab.client("s3")
    error = refused(s3.delete_objects, Bucket="none-such", Delete={"Objects": [{"Key": "a"}]})
    assert error["Code"] == "NoSuchBucket"
