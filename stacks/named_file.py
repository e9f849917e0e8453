"""A file of the assembly whose object keeps the name that it is read by.

CDK's Asset names an object by its hash alone; here it is <hash>/<file name>.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetStaging, FileAssetPackaging, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct


@dataclass(frozen=True)
class NamedFile:
    """Where the object is: its address, and its ARN for whoever reads it (s3:GetObject)."""

    url: str
    arn: str
    bucket_arn: str
    key: str


def named_file(scope: Construct, file: Path, *, label: str) -> NamedFile:
    """Add a file to the assembly; `label` begins the names of its constructs."""
    staging = AssetStaging(scope, f"{label}Stage", source_path=str(file))
    stack = Stack.of(scope)
    location = stack.synthesizer.add_file_asset(
        # the object's key is this and the file's ending
        source_hash=f"{staging.asset_hash}/{file.stem}",
        file_name=staging.relative_staged_path(stack),
        packaging=FileAssetPackaging.FILE,
        display_name=file.name,
    )
    bucket = s3.Bucket.from_bucket_name(scope, f"{label}Bucket", location.bucket_name)
    return NamedFile(
        url=location.s3_object_url,
        arn=bucket.arn_for_objects(location.object_key),
        bucket_arn=bucket.bucket_arn,
        key=location.object_key,
    )
