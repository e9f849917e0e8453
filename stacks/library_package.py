"""Rooms of the library as a zip for Glue's --extra-py-files: their sources and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

LIBRARY = Path(__file__).parents[1] / "penstock"


class LibraryPackage(assets.Asset):
    """The zip's root holds penstock/__init__.py and the rooms, such as penstock/recordio.

    The files are copied to a folder of that shape first; the asset's hash is made of their
    relative paths and contents, so it is the same on every machine.
    """

    def __init__(self, scope: Construct, construct_id: str, *, rooms: Sequence[str]) -> None:
        sources = [LIBRARY / "__init__.py"]
        for room in rooms:
            sources += sorted((LIBRARY / room).rglob("*.py"))
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "package"
            for source in sources:
                target = root / LIBRARY.name / source.relative_to(LIBRARY)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            super().__init__(scope, construct_id, path=str(root))
