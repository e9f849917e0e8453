"""The `penstock` command: list, plan, synth, review, run, up, monitor, prices, recordio."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from penstock.cli import monitor, prices, recordio
from penstock.cli.errors import UsageError, exit_with, one_line
from penstock.cli.faults import checked, list_faults
from penstock.cli.known import default_accelerator
from penstock.cli.known import known_pipeline as _pipeline
from penstock.cli.listing import list_pipelines
from penstock.cli.load_options import Accelerator, Consumers, PriceFile, RecordKb, RecordsPerSecond
from penstock.cli.plan import plan

if TYPE_CHECKING:
    from penstock.cli.data import Sending
    from penstock.cli.run import Run
    from pipelines.spec import Pipeline

# what the command line's parser raises, the base of typer's own BadParameter
_REFUSAL: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help="Machine-learning pipelines on AWS as code, deployable and running offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(monitor.app, name="monitor")
app.add_typer(prices.app, name="prices")
app.add_typer(recordio.app, name="recordio")


app.command("list")(list_pipelines)
app.command()(plan)


@app.command()
def synth(
    pipeline: Annotated[str | None, typer.Argument(help="only this one; all by default")] = None,
    accelerator: Accelerator = None,
    out: Annotated[Path, typer.Option(help="folder of the cloud assembly")] = Path("cdk.out"),
) -> None:
    """Write the CloudFormation templates to a cloud assembly, as `cdk synth` does."""
    with one_line():
        if pipeline:
            _pipeline(pipeline, accelerator)
        from penstock.cli.synth import synthesize
        from penstock.localcloud.assembly import read_assembly

        synthesize(
            out=out,
            pipeline=pipeline,
            environment=None,
            validate=True,
            accelerator=accelerator,
        )
        for stack in read_assembly(out).stacks:
            typer.echo(f"{stack.name:<28} {len(stack.template.document['Resources']):>3} resources")


@app.command()
def review(
    pipeline: Annotated[str | None, typer.Argument(help="see `penstock list`")] = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for both files (default: runs/PIPELINE/review)")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="a cloud assembly (cdk.out) to compare with")
    ] = None,
    environment: Annotated[str, typer.Option(help="of cdk.json's environments")] = "dev",
    assembly: Annotated[
        Path | None, typer.Option(help="any cloud assembly (cdk.out) instead of a pipeline")
    ] = None,
    accelerator: Accelerator = None,
    prices: PriceFile = None,
    records_per_second: RecordsPerSecond = None,
    record_kb: RecordKb = None,
    consumers: Consumers = None,
) -> None:
    """Write review.html and review.md: what would be deployed, before anything is."""
    with one_line():
        from penstock.cli.review import AskedLoad, review_assembly, review_pipeline, write

        load = AskedLoad(records_per_second, record_kb, consumers)
        _check_choice(pipeline, assembly, accelerator)
        if pipeline is not None:
            written = review_pipeline(
                _pipeline(pipeline, accelerator),
                accelerator=accelerator,
                environment=environment,
                against=against,
                prices=prices,
                load=load,
            )
        elif assembly is not None:
            written = review_assembly(assembly, against=against, prices=prices, load=load)
        folder = out or Path("runs") / (pipeline or "assembly") / "review"
        for path in write(written, folder):
            typer.echo(f"written: {path}")


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="see `penstock list`")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="CSV or JSON lines with the pipeline's schema; of series also a folder of CSVs"
        ),
    ] = None,
    records: Annotated[int | None, typer.Option(min=1, help="at most so many records")] = None,
    bad_records: Annotated[int, typer.Option(min=0, help="broken records to mix in")] = 7,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the report here as well")
    ] = None,
    on: Annotated[
        Literal["local", "aws"],
        typer.Option(help="this machine, or the stage that is deployed in your AWS account"),
    ] = "local",
    environment: Annotated[str, typer.Option(help="of cdk.json's environments")] = "dev",
    accelerator: Accelerator = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=VALUE]",
            help="what shall go wrong, again for another one; `--fault list` shows them",
            callback=list_faults,
            is_eager=True,
        ),
    ] = None,
) -> None:
    """Run a pipeline: the templates that would be deployed on this machine, or deployed ones."""
    with one_line():
        from penstock.cli.data import records_to_send

        description = _pipeline(pipeline, accelerator)
        if on == "aws" and accelerator is not None:
            raise UsageError(
                f"--accelerator {accelerator}: what is deployed in AWS has its own; leave it out"
            )
        if on == "local" and accelerator is None:
            accelerator = default_accelerator(description)
        if json_file and not json_file.absolute().parent.is_dir():
            raise UsageError(f"--json {json_file}: there is no folder {json_file.parent}")
        faults = checked(fault or [], on=on)
        if on == "local":
            from penstock.cli.installed import check_installed

            check_installed(description)
        sending = records_to_send(description, data=data, count=records, broken_count=bad_records)
        if on == "aws":
            from penstock.cli.aws_run import check_credentials

            check_credentials()
        report = _run(
            description,
            sending,
            on=on,
            environment=environment,
            faults=faults,
            accelerator=accelerator,
        )
        if json_file:
            try:
                json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"--json {json_file}: {error.strerror}") from error
    if report["status"] != "succeeded" or not all(f["happened"] for f in report["faults"]):
        raise typer.Exit(1)


@app.command()
def up(
    pipeline: Annotated[str | None, typer.Argument(help="see `penstock list`")] = None,
    assembly: Annotated[
        Path | None, typer.Option(help="any cloud assembly (cdk.out) instead of a pipeline")
    ] = None,
    record_rate: Annotated[
        float, typer.Option(min=0, help="sample records per second once it is up; 0 for none")
    ] = 0,
    accelerator: Accelerator = None,
) -> None:
    """Keep a local cloud up, in real time, for clients of your own; Ctrl-C ends it."""
    with one_line():
        from penstock.cli.up import stay_up
        from penstock.localcloud.errors import LocalCloudError

        _check_choice(pipeline, assembly, accelerator)
        records: list[bytes] = []
        then: Iterator[bytes] = iter(())
        example = None
        if pipeline is not None:
            from penstock.cli.connecting import Example
            from penstock.cli.data import records_to_send
            from penstock.cli.installed import check_installed
            from penstock.scenario.portions import portions

            description = _pipeline(pipeline, accelerator)
            check_installed(description)
            sending = records_to_send(description, data=None, count=None, broken_count=0)
            records, then = sending.records, itertools.cycle(sending.records)
            if description.scoring is not None:
                # a point that comes again changes nothing: the sample's last part flows once
                records, rest = portions(sending.records, is_scored=True)
                then = iter(rest)
            example = Example.of(description, next(then))
        try:
            stay_up(
                pipeline=pipeline,
                accelerator=accelerator,
                assembly=assembly,
                records=records,
                then=then,
                example=example,
                records_per_second=record_rate,
                say=typer.echo,
            )
        except LocalCloudError as error:
            raise UsageError(str(error)) from error


def _check_choice(pipeline: str | None, assembly: Path | None, accelerator: str | None) -> None:
    """UsageError unless there is one thing to work on, and it can be chosen for."""
    if (pipeline is None) == (assembly is None):
        raise UsageError("name a pipeline or give --assembly, one of the two")
    if assembly is not None and accelerator is not None:
        raise UsageError(f"--accelerator {accelerator}: an assembly has what it has; leave it out")


def _run(
    pipeline: Pipeline,
    sending: Sending,
    *,
    on: str,
    environment: str,
    faults: list[str],
    accelerator: str | None,
) -> dict[str, Any]:
    from rich.console import Console

    from penstock.cli.display import Display, summary
    from penstock.cli.html_report import write_html
    from penstock.cli.killed import watched
    from penstock.cli.report import build, new_folder, write
    from penstock.scenario.progress import Timeline, steps_of

    console = Console()
    steps = steps_of(is_scored=pipeline.scoring is not None)
    chosen = "" if accelerator is None else f" on {accelerator}"
    title = (
        f"penstock run {pipeline.name}{chosen}: {len(sending.records)} records from "
        f"{sending.source}"
    )
    display = Display(title, console, steps)
    timeline = Timeline(watched(display, faults), steps)
    folder = new_folder(Path("runs") / pipeline.name)
    running = _run_class(on)(
        pipeline.name, environment, sending.records, timeline, folder, faults, accelerator
    )
    status, reason, seconds = "failed", "the run was broken off", 0.0
    try:
        with display:
            status, reason, seconds = running.go()  # type: ignore[assignment]
    finally:
        timeline.skip_rest()
        report = build(
            pipeline=pipeline.name,
            accelerator=accelerator,
            status=status,
            reason=reason,
            seconds=seconds,
            timeline=timeline,
            findings=running.findings,
            ledger=running.ledger,
            faults=running.faults_met,
            access=running.access,
        )
        write(report, folder)
        write_html(report, folder)
    summary(report, console, folder)
    return report


def _run_class(on: str) -> type[Run]:
    if on == "aws":
        from penstock.cli.aws_run import AwsRun

        return AwsRun
    from penstock.cli.offline_run import OfflineRun

    return OfflineRun


def main() -> None:
    """Entry point of the console script: whatever is refused is one line and exit code 2."""
    try:
        sys.exit(app(standalone_mode=False))
    except typer.Abort:
        sys.exit(130)  # Ctrl-C, as shells count it
    except _REFUSAL as error:
        command = error.ctx.command_path if getattr(error, "ctx", None) else "penstock"
        exit_with(f"{error.format_message().rstrip('.')}; see `{command} --help`")
        sys.exit(2)
