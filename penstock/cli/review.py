"""`penstock review`: what would be deployed, as a page and as text for a pull request."""

from __future__ import annotations

import tempfile
from pathlib import Path

from penstock.assembly.errors import AssemblyError
from penstock.cli.errors import UsageError
from penstock.cli.plan_load import environment_of
from penstock.cli.review_reasons import reasons_of
from penstock.cli.synth import synthesize
from penstock.review.assembly import Assembly, read
from penstock.review.given import Given
from penstock.review.review import Review, review
from pipelines.spec import Pipeline


def review_pipeline(pipeline: Pipeline, *, environment: str, against: Path | None) -> Review:
    """The review of a pipeline of this project, which is synthesized for it.

    Args:
        pipeline: the one.
        environment: of cdk.json's environments.
        against: a cloud assembly to compare with, such as the one that is deployed now.

    Raises:
        UsageError: the app refused, or `against` is no cloud assembly.
    """
    before = _compared(against)
    settings = environment_of(environment)
    given = Given(reasons=reasons_of(pipeline, region=settings.region))
    title = f"{pipeline.name} in {environment}"
    with tempfile.TemporaryDirectory(prefix="penstock-") as place:
        made = Path(place) / "cdk.out"
        synthesize(out=made, pipeline=pipeline.name, environment=environment, validate=False)
        return _review(title, made, before, given)


def review_assembly(assembly: Path, *, against: Path | None) -> Review:
    """The review of any cloud assembly. UsageError if a folder is none."""
    return _review(assembly.resolve().name, assembly, _compared(against), Given())


def write(written: Review, folder: Path) -> tuple[Path, Path]:
    """Write review.html and review.md; returns their paths. UsageError if the system refuses."""
    try:
        return written.write(folder)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from error


def _compared(against: Path | None) -> Assembly | None:
    try:
        return read(against) if against else None
    except AssemblyError as error:
        raise UsageError(str(error)) from error


def _review(title: str, assembly: Path, before: Assembly | None, given: Given) -> Review:
    try:
        return review(title, read(assembly), before, given)
    except AssemblyError as error:
        raise UsageError(str(error)) from error
