"""Finds the engine that stands in for a container image, by the image's URI."""

from __future__ import annotations

from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.engines.linear_learner.engine import LINEAR_LEARNER
from penstock.localcloud.engines.random_cut_forest.engine import RANDOM_CUT_FOREST
from penstock.localcloud.engines.script_mode.engine import SCRIPT_MODE
from penstock.localcloud.errors import LocalCloudError

ENGINES: tuple[Engine, ...] = (LINEAR_LEARNER, RANDOM_CUT_FOREST, *SCRIPT_MODE)


class UnknownImageError(LocalCloudError):
    """No engine stands in for an image; the text names the image and what is known."""


def repository_of(image: str) -> str:
    """The repository name in an image URI, without registry, tag and digest.

    `111122223333.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1` -> `linear-learner`.
    """
    path = image.split("@", 1)[0].split("/", 1)[-1]
    return path.rsplit(":", 1)[0] if ":" in path else path


def find_engine(image: str, engines: tuple[Engine, ...] = ENGINES) -> Engine:
    """The engine for `image`; raises UnknownImageError."""
    repository = repository_of(image)
    for engine in engines:
        if engine.runs(repository):
            return engine
    known = ", ".join(sorted(engine.name for engine in engines))
    raise UnknownImageError(
        f"image {image}: container images cannot run in the local cloud, and no engine stands in "
        f"for the repository {repository!r}; engines exist for: {known}"
    )
