"""A training script and all that it needs of this repository, as the archive that SageMaker takes.

The archive is the same, byte for byte, for the same files: names in order, no times, no owners.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from stacks.library_package import LIBRARY
from stacks.named_file import named_file

ROOT = LIBRARY.parent
ARCHIVE = "sourcedir.tar.gz"
ROOMS = ("recordio",)  # what scripts in jobs/ may import


class ScriptPackage(Construct):
    """The files of the folder `source` at their paths in the repository, with penstock.recordio.

    The scripts that a job starts are at the archive's root as well: there the container looks for
    them, and from there they find the modules of the folder by the names that they have in the
    repository.

    Attributes:
        url: the archive's s3:// address.
        arn: its object's ARN, for the role that reads it.
        bucket_arn: its bucket's.
        key: its object's key.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, source: str, scripts: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ARCHIVE
            file.write_bytes(archive(source, scripts))
            added = named_file(self, file, label="Archive")
        self.url, self.arn, self.bucket_arn, self.key = (
            added.url,
            added.arn,
            added.bucket_arn,
            added.key,
        )


def archive(source: str, scripts: Sequence[str]) -> bytes:
    """The contents of the archive for a folder below the repository's root and files in it."""
    folder = ROOT / source
    paths = [path for path in folder.rglob("*") if _travels(path)]
    paths.append(LIBRARY / "__init__.py")
    for room in ROOMS:
        paths += (LIBRARY / room).rglob("*.py")
    files = {path.relative_to(ROOT): path for path in paths}
    files |= {Path(script): folder / script for script in scripts}
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(files, key=str):
            contents = files[name].read_bytes()
            entry = tarfile.TarInfo(name.as_posix())
            entry.size, entry.mode = len(contents), 0o644
            tar.addfile(entry, io.BytesIO(contents))
    return packed.getvalue()


def _travels(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
