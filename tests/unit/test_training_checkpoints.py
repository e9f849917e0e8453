"""Checkpoints on their way to S3 while the training goes on."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.checkpoints import Checkpoints


class SlowS3:
    """An S3 that the training program is quicker than: it writes on during every PutObject."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sizes: list[tuple[int, int]] = []

    def put_object(self, *, Bucket: str, Key: str, Body: Any) -> None:
        announced = Body.seek(0, 2)
        Body.seek(0)
        with self._path.open("ab") as file:
            file.write(b"more")
        self.sizes.append((announced, len(Body.read())))


def test_a_file_that_is_being_written_is_put_with_the_length_that_was_announced(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    s3 = SlowS3(folder / "last.pt")
    (folder / "last.pt").write_bytes(b"some")
    place = PurePosixPath("/opt/ml/checkpoints")
    checkpoints = Checkpoints(S3Address("lab", "kept"), place, tmp_path, s3)
    checkpoints.follow()
    checkpoints.follow()  # it has changed since
    assert s3.sizes == [(4, 4), (8, 8)]
    assert checkpoints.written == 2
