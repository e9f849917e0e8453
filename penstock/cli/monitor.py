"""`penstock monitor`: a baseline of some data, other data against it, and a look at either.

Exit codes: 0 without violations (no data in the window is none either), 1 with violations, which
are a finding and no failure, 2 for wrong input, in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from penstock.cli.errors import UsageError, one_line

if TYPE_CHECKING:
    from penstock.monitor import Reader

app = typer.Typer(
    help="Data quality: statistics, constraints and violations in Model Monitor's formats.",
    no_args_is_help=True,
)

Data = Annotated[str, typer.Argument(help="a file, a folder or s3://bucket/prefix/")]
Out = Annotated[Path, typer.Option(help="folder for the files written; made if missing")]
Format = Annotated[
    Literal["auto", "csv", "jsonl", "parquet", "capture"],
    typer.Option("--format", help="of the data; auto looks at each file"),
]
Parts = Annotated[
    Literal["input", "output", "both"],
    typer.Option(help="of capture files: requests, answers, or both (answers first)"),
]


@app.command()
def baseline(data: Data, out: Out, form: Format = "auto", parts: Parts = "input") -> None:
    """Write statistics.json and the constraints that the data suggests."""
    with one_line(), _refusals():
        from penstock.monitor import Baseline, read_profile

        profile, reading = read_profile(data, _reader(data, form, parts, ()))
        found = Baseline.of(profile)
        _write(found.files(), out)
        for line in reading.lines():
            typer.echo(line)
        typer.echo(
            f"baseline of {profile.item_count} rows and {len(profile.columns)} columns: {out}"
        )


@app.command()
def run(
    data: Data,
    baseline: Annotated[Path, typer.Option(help="folder that `baseline` wrote")],
    out: Out,
    distance: Annotated[
        Literal["robust", "simple"] | None,
        typer.Option(help="instead of the constraints' comparison_method"),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="instead of their comparison_threshold")
    ] = None,
    form: Format = "auto",
    parts: Parts = "input",
) -> None:
    """Compare data with a baseline; exit code 1 if it violates the constraints."""
    with one_line(), _refusals():
        from penstock.cli.monitor_files import read_baseline
        from penstock.monitor import Distance, check, read_profile

        if out.resolve() == baseline.resolve():
            raise UsageError(f"--out {out} is the baseline's folder: give another one")
        known = read_baseline(baseline)
        profile, reading = read_profile(data, _reader(data, form, parts, known.feature_names))
        outcome = check(
            profile,
            known,
            reading=reading,
            distance=Distance.read(distance) if distance else None,
            threshold=threshold,
        )
        _write(outcome.files(), out)
        for message in outcome.messages:
            typer.echo(message)
        for violation in outcome.findings.violations:
            typer.echo(
                f"{violation.feature_name}: {violation.constraint_check_type}: "
                f"{violation.description}"
            )
        typer.echo(
            f"{outcome.exit_status}: {profile.item_count} rows, "
            f"{len(outcome.findings.violations)} violations: {out}"
        )
    if outcome.findings.violations:
        raise typer.Exit(1)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="what `baseline` or `run` wrote")],
) -> None:
    """Show a baseline or a run in the terminal."""
    with one_line(), _refusals():
        from rich.console import Console

        from penstock.cli.monitor_report import tables

        console = Console()
        for part in tables(folder):
            console.print(part)


@contextmanager
def _refusals() -> Iterator[None]:
    from penstock.monitor import MonitorError

    try:
        yield
    except MonitorError as error:
        raise UsageError(str(error)) from error


def _reader(data: str, form: str, parts: str, names: Sequence[str]) -> Reader:
    from penstock.monitor import Format as DataFormat
    from penstock.monitor import Parts as CaptureParts
    from penstock.monitor import Reader

    s3 = None
    if data.startswith("s3://"):
        import boto3

        s3 = boto3.client("s3")
    return Reader(DataFormat(form), CaptureParts(parts), names, s3=s3)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from error
