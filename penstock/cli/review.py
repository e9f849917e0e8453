"""`penstock review`: what would be deployed, as a page and as text for a pull request."""

from __future__ import annotations

import tempfile
from pathlib import Path

from penstock.assembly.errors import AssemblyError
from penstock.cli.errors import UsageError
from penstock.cli.synth import synthesize
from penstock.review.assembly import read
from penstock.review.review import review


def write_review(
    *,
    pipeline: str | None,
    environment: str,
    assembly: Path | None,
    against: Path | None,
    out: Path | None,
) -> tuple[Path, Path]:
    """Write review.html and review.md; returns their paths.

    Args:
        pipeline: a pipeline of this project, which is synthesized for the review.
        environment: of cdk.json's environments.
        assembly: instead of a pipeline, any cloud assembly.
        against: a cloud assembly to compare with, such as the one that is deployed now.
        out: the folder for both files.

    Raises:
        UsageError: the app refused, a folder is no cloud assembly, or `out` cannot be written.
    """
    folder = out or Path("runs") / (pipeline or "assembly") / "review"
    try:
        before = read(against) if against else None
        if assembly is not None:
            written = review(assembly.resolve().name, read(assembly), before)
        else:
            with tempfile.TemporaryDirectory(prefix="penstock-") as place:
                made = Path(place) / "cdk.out"
                synthesize(out=made, pipeline=pipeline, environment=environment, validate=False)
                written = review(f"{pipeline} in {environment}", read(made), before)
    except AssemblyError as error:
        raise UsageError(str(error)) from error
    try:
        return written.write(folder)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from error
