"""Wheels for Glue jobs as files of the assembly, under their own names.

Glue installs wheels given by --additional-python-modules with pip (Glue developer guide, "Using
Python libraries"), and pip takes a wheel only by the file name that its makers gave it.
"""

from __future__ import annotations

from pathlib import Path

from constructs import Construct

from stacks.named_file import named_file

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
        added = [named_file(self, file, label=file.name.partition("-")[0]) for file in files]
        self.default_arguments = {
            "--additional-python-modules": ",".join(wheel.url for wheel in added),
            "--python-modules-installer-option": INSTALLER_OPTION,
        }
        self.object_arns = [wheel.arn for wheel in added]
