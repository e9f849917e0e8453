"""`penstock list`: the pipelines of the project, and what each may run on."""

from __future__ import annotations

import typer

from penstock.cli.errors import one_line
from penstock.cli.known import default_accelerator, known_pipelines, offered_by


def list_pipelines() -> None:
    """Show the pipelines of this project, with the accelerators that some offer."""
    with one_line():
        for name, pipeline in known_pipelines().items():
            typer.echo(f"{name:<12} {pipeline.description}")
            offered = offered_by(name)
            if offered:
                default = default_accelerator(pipeline)
                kinds = [f"{kind} (the default)" if kind == default else kind for kind in offered]
                typer.echo(f"{'':<12} --accelerator {', '.join(kinds)}")
