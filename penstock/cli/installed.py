"""What a pipeline needs on this machine beside what `make setup` installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli.errors import UsageError

if TYPE_CHECKING:
    from pipelines.spec import Pipeline


def check_installed(pipeline: Pipeline) -> None:
    """UsageError, with what to run, if its local cloud could not run the pipeline's scripts."""
    from pipelines.spec import ScriptTraining  # of the project, which is found by now

    if not isinstance(pipeline.training, ScriptTraining):
        return
    from penstock.localcloud.errors import LocalCloudError
    from penstock.localcloud.runtimes import torch_python

    try:
        torch_python()
    except LocalCloudError as error:
        raise UsageError(f"{pipeline.name} runs {pipeline.training.program}: {error}") from None
