"""Finds the pipelines of the project in the current folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.errors import UsageError

if TYPE_CHECKING:
    from pipelines.spec import Pipeline


def find_the_project() -> None:
    """Let the app's own pipelines/ be imported, and not an installed one."""
    folder = str(Path.cwd())
    if sys.path[0] != folder:
        sys.path.insert(0, folder)


def known_pipelines() -> dict[str, Pipeline]:
    """All pipelines by name. UsageError if there are none here, or one is refused."""
    find_the_project()
    try:
        from pydantic import ValidationError

        from pipelines.registry import load
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "pipelines":
            raise UsageError(
                "no pipelines/ in this folder: run penstock in the project's folder"
            ) from error
        raise
    try:
        return load()
    except ValidationError as error:
        from pipelines.spec.refusals import refusal_lines

        raise UsageError("; ".join(refusal_lines(error))) from error


def known_pipeline(name: str, accelerator: str | None = None) -> Pipeline:
    """The pipeline of that name, on an accelerator that it offers; None for its own choice.

    UsageError if there is no such pipeline, or it does not offer that.
    """
    known = known_pipelines()
    if name not in known:
        raise UsageError(f"unknown pipeline {name}: choose one of {', '.join(known)}")
    if accelerator is None:
        return known[name]
    offered = offered_by(name)
    if not offered:
        raise UsageError(
            f"--accelerator {accelerator}: {name} offers no choice (see `penstock list`); "
            "leave it out"
        )
    if accelerator not in offered:
        raise UsageError(
            f"--accelerator {accelerator}: {name} does not offer it; use one of "
            f"{', '.join(offered)}"
        )
    return offered[accelerator]


def offered_by(name: str) -> Mapping[str, Pipeline]:
    """A known pipeline on each accelerator that it offers; empty if it offers no choice."""
    from pipelines.registry import accelerators

    return accelerators(name)


def default_accelerator(pipeline: Pipeline) -> str | None:
    """What a known pipeline runs on where none is named; None if it offers no choice."""
    offered = offered_by(pipeline.name)
    return next((kind for kind, offer in offered.items() if offer == pipeline), None)
