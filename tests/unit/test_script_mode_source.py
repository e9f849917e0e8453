"""A script's code on its way from the job's channel to the folder where it runs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.script_mode.source import bring


def archive(folder: Path, *members: tarfile.TarInfo) -> str:
    path = folder / "sourcedir.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            content = b"x = 1\n" if member.isreg() else b""
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return str(path)


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def test_an_archive_is_unpacked(tmp_path: Path) -> None:
    bring(archive(tmp_path, member("train.py"), member("a/b.py")), tmp_path / "code")
    assert (tmp_path / "code" / "a" / "b.py").read_text() == "x = 1\n"


def test_a_folder_and_a_single_file_are_copied(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "train.py").write_text("x = 2\n")
    bring(str(tmp_path / "from"), tmp_path / "a")
    bring(str(tmp_path / "from" / "train.py"), tmp_path / "b")
    assert (tmp_path / "a" / "train.py").read_text() == "x = 2\n"
    assert (tmp_path / "b" / "train.py").read_text() == "x = 2\n"


def test_code_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "own.py").touch()
    bring(archive(tmp_path, member("train.py")), tmp_path / "code")
    assert [path.name for path in (tmp_path / "code").iterdir()] == ["own.py"]


@pytest.mark.parametrize(
    "bad",
    [
        member("../out.py"),
        member("a/../../out.py"),
        member("link", tarfile.SYMTYPE, "../.."),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.LNKTYPE, "../out.py"),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
    ],
)
def test_no_member_leaves_the_folder(bad: tarfile.TarInfo, tmp_path: Path) -> None:
    with pytest.raises(CustomerError, match="cannot be unpacked"):
        bring(archive(tmp_path, bad), tmp_path / "job" / "code")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "sourcedir.tar.gz"]
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink() or path.is_fifo()]


def test_an_absolute_name_is_one_below_the_folder(tmp_path: Path) -> None:
    bring(archive(tmp_path, member("/abs/train.py")), tmp_path / "code")
    assert (tmp_path / "code" / "abs" / "train.py").is_file()


def test_a_damaged_archive_is_the_customers_fault(tmp_path: Path) -> None:
    whole = Path(archive(tmp_path, *(member(f"{n}.py") for n in range(2000))))
    whole.write_bytes(whole.read_bytes()[:-400])
    with pytest.raises(CustomerError, match=r"sourcedir\.tar\.gz: it cannot be unpacked"):
        bring(str(whole), tmp_path / "code")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CustomerError, match="there is no such file"):
        bring(str(tmp_path / "sourcedir.tar.gz"), tmp_path / "code")
