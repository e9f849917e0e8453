"""model.tar.gz is unpacked below the model's directory, and nothing of it lands elsewhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.workers.hosting.model_data import ModelDataError, fetch

CONTAINER = {"ModelDataUrl": "s3://models/model.tar.gz"}


class OneObject:
    """An S3 client that has one object."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get_object(self, **_where: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._body)}


def archive(*members: tarfile.TarInfo, content: bytes = b"weights") -> OneObject:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        for member in members:
            if member.isreg():
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                tar.addfile(member)
    return OneObject(body.getvalue())


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def test_files_and_folders_are_unpacked(tmp_path: Path) -> None:
    s3 = archive(member("code", tarfile.DIRTYPE), member("./code/serve.py"), member("model"))
    fetch(CONTAINER, s3, tmp_path / "model")
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["model/code/serve.py", "model/model"]
    assert (tmp_path / "model/model").read_bytes() == b"weights"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (member("../outside"), "leads out"),
        (member("a/../../outside"), "leads out"),
        (member("/etc/outside"), "leads out"),
        (member("link", tarfile.SYMTYPE, "/etc/passwd"), "neither a file nor a folder"),
        (member("link", tarfile.LNKTYPE, "model"), "neither a file nor a folder"),
        (member("pipe", tarfile.FIFOTYPE), "neither a file nor a folder"),
    ],
)
def test_what_could_land_elsewhere_is_refused(
    tmp_path: Path, bad: tarfile.TarInfo, says: str
) -> None:
    with pytest.raises(ModelDataError, match=says):
        fetch(CONTAINER, archive(member("model"), bad), tmp_path / "model")
    assert not (tmp_path / "outside").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDataError, match=r"Failed to extract .*\"s3://models/model\.tar\.gz\""):
        fetch(CONTAINER, OneObject(b"no gzip"), tmp_path / "model")
