"""Checkpoints: a folder of one host, and the S3 prefix that it is kept alike with."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.files import copy_below

IN_CONTAINER = PurePosixPath("/opt/ml")
DEFAULT_PATH = "/opt/ml/checkpoints"  # botocore 1.44.5 sagemaker model, CheckpointConfig.LocalPath


class Checkpoints:
    """Restored once at the start, then followed: what is new, changed or gone here is so in S3.

    SageMaker developer guide, model-checkpoints: what is in S3 already is written to the container
    at the start of the job, what is added there later is not; new checkpoints are written to S3
    during the training; one that is deleted in the container is deleted in S3. How soon is not
    said: here a file is copied at the next look, and once more after it has changed. Hosts share
    one prefix, so that files of the same name overwrite each other, as the guide warns. `path` is
    where the container finds them, `written` counts the files that were put.
    """

    def __init__(self, prefix: S3Address, path: PurePosixPath, root: Path, s3: Any) -> None:
        self.path = str(path)
        self._prefix = prefix
        self._folder = root / path.relative_to(IN_CONTAINER)
        self._s3 = s3
        self._kept: dict[str, tuple[int, int]] = {}
        self.written = 0

    @classmethod
    def of(cls, request: Mapping[str, Any], root: Path, s3: Any) -> Checkpoints | None:
        """Of CreateTrainingJob's CheckpointConfig, if there is one; `root` is the host's /opt/ml.

        ValueError for an S3Uri that is none, and for a LocalPath that is not below /opt/ml.
        """
        config = request.get("CheckpointConfig")
        if not config:
            return None
        path = PurePosixPath(config.get("LocalPath") or DEFAULT_PATH)
        if not path.is_relative_to(IN_CONTAINER) or ".." in path.parts:
            raise ValueError(
                f"CheckpointConfig.LocalPath {path} is not below {IN_CONTAINER}, which is all that "
                f"a container has of its own here; use {DEFAULT_PATH}"
            )
        return cls(S3Address.parse(str(config["S3Uri"])), path, root, s3)

    def restore(self) -> int:
        """Copy what is in S3 into the folder, which is made; returns how many files."""
        objects = list(self._prefix.objects(self._s3))
        copy_below(self._prefix, objects, self._s3, self._folder)
        self._kept = self._look()
        return len(objects)

    def follow(self) -> None:
        """Bring S3 up to date."""
        found = self._look()
        for name, state in found.items():
            if self._kept.get(name) != state:
                self._write(name)
                self._kept[name] = state
        for name in self._kept.keys() - found.keys():
            self._s3.delete_object(Bucket=self._prefix.bucket, Key=self._key(name))
            del self._kept[name]

    def _write(self, name: str) -> None:
        # of a copy: a program may be writing the file, and a body must not change its length
        with tempfile.TemporaryFile() as copy:
            try:
                with (self._folder / name).open("rb") as file:
                    shutil.copyfileobj(file, copy)
            except FileNotFoundError:
                return  # deleted in this very moment: the next look finds that out
            copy.seek(0)
            self._s3.put_object(Bucket=self._prefix.bucket, Key=self._key(name), Body=copy)
        self.written += 1

    def _key(self, name: str) -> str:
        return f"{self._prefix.key.rstrip('/')}/{name}".removeprefix("/")

    def _look(self) -> dict[str, tuple[int, int]]:
        """Size and time of change of every file."""
        found = {}
        for path in self._folder.rglob("*"):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue  # renamed or deleted in this very moment
            if stat.S_ISREG(state.st_mode):
                found[str(path.relative_to(self._folder))] = (state.st_size, state.st_mtime_ns)
        return found
