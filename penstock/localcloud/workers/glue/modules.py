"""Python modules that a job brings along as wheels: installed once, each in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import uv

from penstock.localcloud import leash
from penstock.localcloud.errors import LocalCloudError


class WheelFolders:
    """Installs wheels without a package index and without what they require.

    A folder is named by its wheel's name and SHA-256, so that later runs find it. `root` is the
    local cloud's own; nothing gets into the runtime's environment.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder_of(self, wheel: Path, python: Path) -> Path:
        """The folder for PYTHONPATH that holds the wheel's modules.

        LocalCloudError if it is no wheel, has a name that no wheel has, or is for another Python
        or platform than the interpreter.
        """
        with wheel.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        folder = self._root / f"{wheel.stem}-{digest}"
        if folder.is_dir():
            return folder
        self._root.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=self._root))
        try:
            self._install(wheel, python, beside)
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return folder

    def _install(self, wheel: Path, python: Path, folder: Path) -> None:
        install = ["pip", "install", "--quiet", "--no-index", "--no-deps", "--link-mode", "copy"]
        command = [uv.find_uv_bin(), "--no-config", "--no-cache", "--offline", *install]
        done = leash.run(
            [*command, "--python", str(python), "--target", str(folder), str(wheel)],
            environment={"PATH": os.defpath, "HOME": str(self._root), "LANG": "C.UTF-8"},
        )
        if done.returncode:
            said = " ".join(done.stderr.replace(str(wheel), wheel.name).split())
            raise LocalCloudError(f"{wheel.name} cannot be installed: {said}")
