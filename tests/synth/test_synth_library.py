"""What travels to Glue beside a script: a zip that Python finds every module in."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from aws_cdk import App, Stack

from stacks.library_package import LibraryPackage

MODULES = ("jobs/reviews/tokenizer.py", "jobs/reviews/vocabulary.py")


def test_modules_are_found_in_a_zip_that_has_no_entries_for_folders(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "cdk.out"))
    rooms = ("recordio", "channels")
    package = LibraryPackage(Stack(app, "Some"), "Library", rooms=rooms, modules=MODULES)
    app.synth()
    folder = tmp_path / "cdk.out" / package.asset_path
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    zipped = tmp_path / "library.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    names = {path.relative_to(folder).as_posix() for path in files}
    assert {*MODULES, "penstock/recordio/dense.py", "penstock/channels/text.py"} <= names
    beside = {name for name in names if not name.startswith("penstock/")}
    assert beside == {*MODULES, "jobs/__init__.py", "jobs/reviews/__init__.py"}
    source = "import jobs.reviews.vocabulary, penstock.channels; print(jobs.reviews.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": str(zipped)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == f"{zipped}/jobs/reviews/__init__.py"
