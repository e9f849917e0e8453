"""penstock.recordio as a zip for Glue's --extra-py-files: its sources and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

LIBRARY = Path(__file__).parents[1] / "penstock"


class RecordioPackage(assets.Asset):
    """The zip's root holds penstock/__init__.py and penstock/recordio/*.py.

    The files are copied to a folder of that shape first; the asset's hash is made of their
    relative paths and contents, so it is the same on every machine.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "package"
            target = root / LIBRARY.name / "recordio"
            target.mkdir(parents=True)
            shutil.copyfile(LIBRARY / "__init__.py", target.parent / "__init__.py")
            for source in sorted((LIBRARY / "recordio").glob("*.py")):
                shutil.copyfile(source, target / source.name)
            super().__init__(scope, construct_id, path=str(root))
