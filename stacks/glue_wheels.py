"""Wheels for Glue jobs as files of the assembly, under their own names.

Glue installs wheels given by --additional-python-modules with pip (Glue developer guide, "Using
Python libraries"), and pip takes a wheel only by the file name that its makers gave it. CDK's Asset
would name the object by its hash, so the files are added here as <hash>/<file name>.
"""

from __future__ import annotations

from pathlib import Path

from aws_cdk import AssetStaging, FileAssetPackaging, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

FOLDER = Path(__file__).parents[1] / "wheels"
# no package index, nothing but the files themselves: Glue has their requirements already
INSTALLER_OPTION = "--no-index --no-deps"


class MissingWheelsError(Exception):
    """The wheels are not on this machine."""


class GlueWheels(Construct):
    """The wheels of wheels/glue-<version>/, that `make setup` downloads by their SHA-256.

    Attributes:
        default_arguments: the job's arguments that have Glue install the wheels.
        object_arns: what the job's role must be able to read (s3:GetObject).

    Raises:
        MissingWheelsError: none is there.
    """

    def __init__(self, scope: Construct, construct_id: str, *, glue_version: str) -> None:
        super().__init__(scope, construct_id)
        folder = FOLDER / f"glue-{glue_version}"
        files = sorted(folder.glob("*.whl"))
        if not files:
            raise MissingWheelsError(
                f"no wheel in {folder.relative_to(FOLDER.parent)}: run `make setup`, which "
                f"downloads those of requirements/glue-{glue_version}-wheels.txt"
            )
        locations = [self._add(file) for file in files]
        self.default_arguments = {
            "--additional-python-modules": ",".join(url for url, _ in locations),
            "--python-modules-installer-option": INSTALLER_OPTION,
        }
        self.object_arns = [arn for _, arn in locations]

    def _add(self, file: Path) -> tuple[str, str]:
        """The address and the ARN of a wheel's object."""
        name = file.name.partition("-")[0]
        staging = AssetStaging(self, f"{name}Stage", source_path=str(file))
        stack = Stack.of(self)
        location = stack.synthesizer.add_file_asset(
            # the object's key is this and the file's ending
            source_hash=f"{staging.asset_hash}/{file.stem}",
            file_name=staging.relative_staged_path(stack),
            packaging=FileAssetPackaging.FILE,
            display_name=file.name,
        )
        bucket = s3.Bucket.from_bucket_name(self, f"{name}Bucket", location.bucket_name)
        return location.s3_object_url, bucket.arn_for_objects(location.object_key)
