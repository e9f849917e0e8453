"""A cloud assembly in words: names of resources, and values over the borders of stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.assembly.errors import AssemblyError
from penstock.review.assembly import Assembly, read
from penstock.review.values import Values
from tests.assemblies import arn, joined, ref, template, write_assembly

BUCKET = ("S3::Bucket", {"BucketName": "lake"})


def two_stacks(folder: Path) -> Assembly:
    store = template(Lake5F1B88EA=BUCKET)
    store["Outputs"] = {"Out": {"Value": arn("Lake5F1B88EA"), "Export": {"Name": "store:Lake"}}}
    use = template(
        Queue=("SQS::Queue", {"Target": joined({"Fn::ImportValue": "store:Lake"}, "/in/*")})
    )
    return read(
        write_assembly(
            folder,
            {"shop-use": use, "shop-store": store},
            needs={"shop-use": ["shop-store"]},
            paths={"shop-store": {"Lake5F1B88EA": "/shop-store/Lake/Resource"}},
        )
    )


def test_stacks_come_in_the_order_of_deployment(tmp_path: Path) -> None:
    assembly = two_stacks(tmp_path)
    assert [stack.name for stack in assembly.stacks] == ["shop-store", "shop-use"]


def test_names_are_places_among_the_constructs_behind_what_tells_the_stacks_apart(
    tmp_path: Path,
) -> None:
    names = [resource.name for resource in two_stacks(tmp_path).resources.values()]
    assert names == ["store/Lake", "use/Queue"]


def test_without_metadata_the_logical_id_loses_its_hash(tmp_path: Path) -> None:
    assembly = read(write_assembly(tmp_path, {"alone": template(Lake5F1B88EA=BUCKET)}))
    (resource,) = assembly.resources.values()
    assert resource.name == "Lake"


def test_two_resources_never_have_the_same_name(tmp_path: Path) -> None:
    both = template(LakeAAAAAAAA=BUCKET, LakeBBBBBBBB=BUCKET)
    names = {found.name for found in read(write_assembly(tmp_path, {"a": both})).resources.values()}
    assert len(names) == 2


def test_an_import_is_followed_to_the_resource(tmp_path: Path) -> None:
    assembly = two_stacks(tmp_path)
    queue = assembly.resources["shop-use", "Queue"]
    values = Values(assembly)
    assert values.text(queue, queue.properties["Target"]) == "store/Lake/in/*"
    assert [used.name for used in values.uses(queue, queue.properties)] == ["store/Lake"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ref("AWS::AccountId"), "{account}"),
        (ref("AWS::Region"), "eu-west-1"),
        (ref("Lake"), "Lake"),
        ({"Fn::GetAtt": "Lake.DomainName"}, "Lake.DomainName"),
        ({"Fn::Sub": "s3://${Lake}/${!literal}/${AWS::Region}"}, "s3://Lake/${literal}/eu-west-1"),
        ({"Fn::Sub": ["${x}-${y}", {"x": arn("Lake"), "y": "z"}]}, "Lake-z"),
        ({"Fn::FindInMap": ["Accounts", ref("AWS::Region"), "id"]}, "123456789012"),
        ({"Fn::FindInMap": ["Accounts", "us-east-1", "id"]}, "{id in Accounts}"),
        ({"Fn::If": ["Any", "one", ref("AWS::NoValue")]}, "one"),
        ({"Fn::If": ["Any", "one", "other"]}, "one or other"),
        ({"Fn::Select": [1, ["a", "b"]]}, "b"),
        ({"Fn::ImportValue": "elsewhere"}, "{import elsewhere}"),
        (ref("Parameter"), "{Parameter}"),
        ({"a": [1, True, ref("Lake")]}, '{"a": [1, true, "Lake"]}'),
    ],
)
def test_values_read_as_people_would_say_them(tmp_path: Path, value: Any, text: str) -> None:
    one = template(Lake=BUCKET)
    one["Mappings"] = {"Accounts": {"eu-west-1": {"id": "123456789012"}}}
    assembly = read(write_assembly(tmp_path, {"a": one}))
    assert Values(assembly).text(assembly.resources["a", "Lake"], value) == text


def test_a_folder_that_is_no_assembly_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="is not a cloud assembly"):
        read(tmp_path)
    with pytest.raises(AssemblyError, match="holds no stack"):
        read(write_assembly(tmp_path / "empty", {}))
