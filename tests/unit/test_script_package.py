"""The archive of a script: the same bytes every time, and all that the script imports."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from stacks import script_package
from stacks.script_package import archive

SOURCE, SCRIPT = "jobs/reviews", "train.py"
# runs the script and imports all modules beside it; then says where ours are from
IMPORTS = """
import contextlib, importlib, pathlib, runpy, sys
from unittest.mock import MagicMock

class Anything(MagicMock):
    __path__ = []

for name in "torch", "torch.nn", "torch.nn.parallel", "torch.distributed", "transformers":
    sys.modules[name] = Anything()
sys.path.insert(0, ".")
with contextlib.suppress(SystemExit):
    runpy.run_path("train.py", run_name="__main__")
for path in pathlib.Path("jobs/reviews").glob("*.py"):
    importlib.import_module(f"jobs.reviews.{path.stem}")
ours = [m for name, m in sys.modules.items() if name.split(".")[0] in ("jobs", "penstock")]
print(*(m.__file__ for m in ours if getattr(m, "__file__", None)), file=sys.stderr)
"""


def members() -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive(SOURCE, [SCRIPT])), mode="r:gz") as tar:
        return tar.getmembers()


def test_the_same_files_make_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, root in enumerate((tmp_path / "a", tmp_path / "b")):
        for name in ("penstock/__init__.py", "penstock/recordio/pipe.py", "work/x/go.py"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {name}")
            path.chmod(0o600 + number)
            os.utime(path, (number, number))
    made = []
    for root in (tmp_path / "a", tmp_path / "b"):
        monkeypatch.setattr(script_package, "ROOT", root)
        monkeypatch.setattr(script_package, "LIBRARY", root / "penstock")
        made.append(archive("work/x", ["go.py"]))
    assert made[0] == made[1]
    assert made[0][4:8] == bytes(4)  # gzip's time of writing (RFC 1952)
    with tarfile.open(fileobj=io.BytesIO(made[0]), mode="r:gz") as tar:
        assert tar.getnames() == [
            "go.py",
            "penstock/__init__.py",
            "penstock/recordio/pipe.py",
            "work/x/go.py",
        ]


def test_files_are_at_their_paths_in_the_repository_and_the_script_at_the_root() -> None:
    found = members()
    names = [member.name for member in found]
    assert names == sorted(names)
    assert {SCRIPT, f"{SOURCE}/{SCRIPT}", f"{SOURCE}/fit.py", "penstock/recordio/pipe.py"} <= set(
        names
    )
    assert not [name for name in names if "__pycache__" in name]
    assert {(m.mtime, m.uid, m.uname, m.mode) for m in found} == {(0, 0, "", 0o644)}


def test_all_that_the_script_imports_of_ours_is_in_it(tmp_path: Path) -> None:
    """torch and transformers are names alone here: what is asked is where our modules are from."""
    with tarfile.open(fileobj=io.BytesIO(archive(SOURCE, [SCRIPT])), mode="r:gz") as tar:
        tar.extractall(tmp_path / "code", filter="data")
    sites = [path for path in sys.path if path.endswith("site-packages")]
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in ("numpy", "numpy.libs"):
        found = next((Path(s, name) for s in sites if Path(s, name).exists()), None)
        if found is not None:
            (packages / name).symlink_to(found)
    done = subprocess.run(
        [sys.executable, "-S", "-c", IMPORTS, "--help"],
        cwd=tmp_path / "code",
        env={"PYTHONPATH": str(packages), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "--batch_size" in done.stdout
    files = done.stderr.split()
    assert str(tmp_path / "code/jobs/reviews/fit.py") in files
    assert all(Path(name).is_relative_to(tmp_path / "code") for name in files), files
