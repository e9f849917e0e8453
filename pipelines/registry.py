"""Finds every reference pipeline: a module of this package that defines PIPELINE."""

from __future__ import annotations

import importlib
import pkgutil

import pipelines
from pipelines.spec import Pipeline


class DuplicatePipelineError(ValueError):
    """Two modules describe a pipeline of the same name."""


def load() -> dict[str, Pipeline]:
    """All reference pipelines by name, sorted.

    Raises:
        pydantic.ValidationError: a description is refused.
        DuplicatePipelineError: two descriptions have one name.
    """
    found: dict[str, Pipeline] = {}
    for module_info in pkgutil.iter_modules(pipelines.__path__):
        module = importlib.import_module(f"{pipelines.__name__}.{module_info.name}")
        pipeline = getattr(module, "PIPELINE", None)
        if not isinstance(pipeline, Pipeline):
            continue
        if pipeline.name in found:
            raise DuplicatePipelineError(
                f"two modules of pipelines/ describe {pipeline.name!r}; rename one of them"
            )
        found[pipeline.name] = pipeline
    return dict(sorted(found.items()))
