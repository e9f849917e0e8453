"""Rooms of the library as a zip for Glue's --extra-py-files: their sources and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "penstock"


class LibraryPackage(assets.Asset):
    """The zip's root holds penstock/__init__.py and the rooms, such as penstock/recordio.

    Beside them are `modules`, files of the repository such as jobs/x/y.py at the same path. The
    files are copied to a folder of that shape first; the asset's hash is made of their relative
    paths and contents, so it is the same on every machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rooms: Sequence[str],
        modules: Sequence[str] = (),
    ) -> None:
        sources = [LIBRARY / "__init__.py"]
        for room in rooms:
            sources += sorted((LIBRARY / room).rglob("*.py"))
        sources += [ROOT / module for module in modules]
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "package"
            for source in sources:
                target = root / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            for module in modules:
                # the zip has no entries for folders, and without them Python 3.11 finds nothing
                # in a folder that has no __init__.py (zipimport)
                for parent in PurePosixPath(module).parents[:-1]:
                    (root / parent / "__init__.py").touch()
            super().__init__(scope, construct_id, path=str(root))
