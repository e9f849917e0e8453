"""Finds every reference pipeline: a module of this package that defines PIPELINE.

A module may offer the same pipeline on several accelerators: ACCELERATORS, by the name that is
chosen with `-c accelerator=...`, has PIPELINE as one of its values.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

import pipelines
from pipelines.spec import Pipeline


class DuplicatePipelineError(ValueError):
    """Two modules describe a pipeline of the same name."""


def load(accelerator: str | None = None) -> dict[str, Pipeline]:
    """All reference pipelines by name, sorted; on that accelerator where they offer it.

    Raises:
        pydantic.ValidationError: a description is refused.
        DuplicatePipelineError: two descriptions have one name.
    """
    found: dict[str, Pipeline] = {}
    for module, pipeline in _modules():
        if pipeline.name in found:
            raise DuplicatePipelineError(
                f"two modules of pipelines/ describe {pipeline.name!r}; rename one of them"
            )
        offered = _offered(module, pipeline)
        found[pipeline.name] = (
            pipeline if accelerator is None else offered.get(accelerator, pipeline)
        )
    return dict(sorted(found.items()))


def accelerators(name: str) -> Mapping[str, Pipeline]:
    """The pipeline of that name on each accelerator that it offers; empty if it offers none."""
    return next((_offered(module, found) for module, found in _modules() if found.name == name), {})


def _modules() -> list[tuple[ModuleType, Pipeline]]:
    found = []
    for module_info in pkgutil.iter_modules(pipelines.__path__):
        module = importlib.import_module(f"{pipelines.__name__}.{module_info.name}")
        pipeline = getattr(module, "PIPELINE", None)
        if isinstance(pipeline, Pipeline):
            found.append((module, pipeline))
    return found


def _offered(module: ModuleType, pipeline: Pipeline) -> Mapping[str, Pipeline]:
    offered: Mapping[str, Pipeline] = getattr(module, "ACCELERATORS", {})
    if offered and pipeline not in offered.values():
        raise ValueError(f"{module.__name__}: PIPELINE is none of its ACCELERATORS")
    return offered
