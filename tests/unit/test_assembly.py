"""Reading cloud assemblies: order, environments, assets, and what is refused."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.deploy import zip_folder
from penstock.localcloud.errors import LocalCloudError

TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def stack(
    *needs: str, name: str | None = None, environment: str = "aws://1/us-east-1"
) -> dict[str, Any]:
    properties = {"templateFile": "t.json", "tags": {"team": "ml"}}
    if name:
        properties["stackName"] = name
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": properties,
        "dependencies": list(needs),
    }


def write(folder: Path, artifacts: dict[str, Any], version: str = "55.0.0") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": version, "artifacts": artifacts}))
    (folder / "t.json").write_text(json.dumps(TEMPLATE))
    return folder


def test_stacks_come_in_deploy_order_from_nested_assemblies(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "assembly-dev": {
                "type": "cdk:cloud-assembly",
                "properties": {"directoryName": "assembly-dev"},
            },
            "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        },
    )
    write(
        tmp_path / "assembly-dev",
        {
            "Serving": stack("Lake", name="p-dev-serving"),
            "Lake": stack("Base", name="p-dev-lake"),
            "Base": stack(),
        },
    )
    assembly = read_assembly(tmp_path)
    assert [one.name for one in assembly.stacks] == ["Base", "p-dev-lake", "p-dev-serving"]
    assert assembly.stacks[0].tags == {"team": "ml"}
    assert (assembly.account_id, assembly.region) == ("1", "us-east-1")


def test_stack_of_no_environment_is_bound_to_none(tmp_path: Path) -> None:
    write(tmp_path, {"A": stack(environment="aws://unknown-account/unknown-region")})
    assembly = read_assembly(tmp_path)
    assert (assembly.account_id, assembly.region) == (None, None)


def test_file_assets_are_found_beside_their_manifest(tmp_path: Path) -> None:
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}}
    write(tmp_path, {"A.assets": assets, "A": stack("A.assets")})
    files = {
        "abc": {
            "source": {"path": "asset.abc", "packaging": "zip"},
            "destinations": {"here": {"bucketName": BUCKET, "objectKey": "abc.zip"}},
        }
    }
    (tmp_path / "a.assets.json").write_text(json.dumps({"version": "55.0.0", "files": files}))
    (asset,) = read_assembly(tmp_path).stacks[0].assets
    assert (asset.path, asset.zipped) == (tmp_path / "asset.abc", True)
    assert (asset.destinations[0].bucket, asset.destinations[0].key) == (BUCKET, "abc.zip")


def test_container_image_assets_are_refused(tmp_path: Path) -> None:
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}}
    write(tmp_path, {"A.assets": assets, "A": stack("A.assets")})
    (tmp_path / "a.assets.json").write_text(json.dumps({"dockerImages": {"img": {}}}))
    with pytest.raises(LocalCloudError, match=r"container image assets.*img"):
        read_assembly(tmp_path)


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_what_is_no_assembly_is_refused_in_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(LocalCloudError, match="is not a cloud assembly") as refused:
        read_assembly(tmp_path)
    assert "\n" not in str(refused.value)


def test_schema_from_the_future_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"A": stack()}, version="99.1.0")
    with pytest.raises(LocalCloudError, match=r"99\.1\.0 is newer"):
        read_assembly(tmp_path)


def test_two_accounts_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"A": stack(), "B": stack(environment="aws://2/us-east-1")})
    assembly = read_assembly(tmp_path)
    with pytest.raises(LocalCloudError, match="accounts 1, 2"):
        assert assembly.account_id


def test_two_stacks_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"A": stack(name="same"), "B": stack(name="same")})
    with pytest.raises(LocalCloudError, match="A and B have the same name same"):
        read_assembly(tmp_path)


def test_broken_template_is_named_with_its_file(tmp_path: Path) -> None:
    write(tmp_path, {"A": stack()})
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(LocalCloudError, match=r"t\.json: Template format error"):
        read_assembly(tmp_path)


def test_zip_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("a")
    first = zip_folder(tmp_path)
    (tmp_path / "b.py").touch()
    assert zip_folder(tmp_path) == first
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.namelist() == ["b.py", "sub/a.py"]
