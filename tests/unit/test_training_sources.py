"""Channels that CreateTrainingJob refuses, each with what is wrong and what to use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.localcloud.workers.training.channels import ChannelError, channels_of
from tests.memory_s3 import MemoryS3


def channel(kind: str = "S3Prefix", uri: str = "s3://b/data/", **changes: Any) -> dict[str, Any]:
    source = {"S3DataType": kind, "S3Uri": uri}
    if "AttributeNames" in changes:
        source["AttributeNames"] = changes.pop("AttributeNames")
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source}, **changes}


def found(given: dict[str, Any], mode: str = "Pipe", **objects: Any) -> Any:
    documents = {
        key: value if isinstance(value, bytes) else json.dumps(value).encode()
        for key, value in objects.items()
    }
    request = {
        "RoleArn": "arn:role",
        "AlgorithmSpecification": {"TrainingInputMode": mode},
        "InputDataConfig": [given],
    }
    s3 = MemoryS3({**documents, "data/a": b"1", "data/deep/b": b"22"})
    (only,) = channels_of(request, s3, region="us-east-1")
    return only


@pytest.mark.parametrize(
    ("given", "mode", "why"),
    [
        (channel(CompressionType="Gzip"), "File", "CompressionType Gzip is for Pipe mode only"),
        (
            channel(RecordWrapperType="RecordIO"),
            "FastFile",
            "RecordWrapperType RecordIO is for Pipe mode only, the channel's input mode is Fast",
        ),
        (
            channel("AugmentedManifestFile", AttributeNames=["a"]),
            "File",
            "S3DataType AugmentedManifestFile is for Pipe mode only",
        ),
        (channel("AugmentedManifestFile"), "Pipe", "needs AttributeNames, 1 to 16 of them"),
        (
            channel("AugmentedManifestFile", AttributeNames=[str(n) for n in range(17)]),
            "Pipe",
            "1 to 16 of them; there are 17",
        ),
        (channel(AttributeNames=["a"]), "Pipe", "are for S3DataType AugmentedManifestFile, not S3"),
        (channel("ManifestFile"), "FastFile", "takes S3DataType S3Prefix only, not ManifestFile"),
        (
            channel(uri="s3://b/da"),
            "FastFile",
            "the S3Uri s3://b/da, which is a part of the folder s3://b/data/",
        ),
        (channel(uri="s3://b/data"), "FastFile", "a part of the folder s3://b/data/; give it a"),
        (channel("AugmentedManifestFile", AttributeNames=["a"]), "Pipe", "NoSuchKey in memory"),
        (channel("Converse"), "Pipe", "S3DataType Converse of s3://b/data/ is not known"),
        (channel(uri="data/"), "Pipe", "'data/' is not an S3 address: use s3://bucket/key"),
        (channel(uri="s3://b/none/"), "Pipe", 'No S3 objects found under S3 URL "s3://b/none/"'),
    ],
)
def test_members_that_do_not_go_together(given: Any, mode: str, why: str) -> None:
    with pytest.raises(ChannelError) as caught:
        found(given, mode)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["s3://b/data/", "s3://b/", "s3://b", "s3://b/data/a"])
def test_fast_file_takes_whole_folders_and_single_files(uri: str) -> None:
    assert found(channel(uri=uri), "FastFile").objects


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"[", "is not a manifest: expected"),
        ({}, "expected"),
        ([], "expected"),
        (["a"], "expected"),
        ([{"prefix": ""}, "a"], "'' is not an S3 address"),
        ([{"prefix": 7}, "a"], "is not a manifest"),
        ([{"prefix": "s3://b/data/"}], "no name follows the prefix s3://b/data/"),
        ([{"prefix": "s3://b/data/"}, "a", 7], "element 2 is 7"),
        ([{"prefix": "s3://b/data/"}, ""], 'element 1 is ""'),
    ],
)
def test_what_is_not_a_manifest(document: Any, why: str) -> None:
    with pytest.raises(ChannelError, match="s3://b/manifest") as caught:
        found(channel("ManifestFile", "s3://b/manifest"), manifest=document)
    assert why in str(caught.value)


def test_a_manifests_names_are_appended_to_its_prefix_as_they_are() -> None:
    document = [{"prefix": "s3://other/da"}, "ta/a", "ta/missing", "ta/a"]
    objects = found(channel("ManifestFile", "s3://b/manifest"), manifest=document).objects
    assert [str(address) for address in objects] == [
        *("s3://other/data/a", "s3://other/data/missing", "s3://other/data/a")
    ]


def test_a_fast_file_channel_is_a_file_channel_for_the_program() -> None:
    assert found(channel(), "FastFile").config()["TrainingInputMode"] == "File"
