"""Worker types of Glue's Spark jobs: what is in one."""

from __future__ import annotations

from functools import cache

from penstock.catalog.facts import Fact, entry


class GlueWorker(Fact):
    """`free_disk_gb` is what shuffles may spill to; `most_workers` None is unknown."""

    dpus: int
    memory_optimized: bool
    vcpus: int
    memory_gb: int
    free_disk_gb: int
    most_workers: int | None


@cache
def glue_worker(name: str) -> GlueWorker:
    """The worker type of that name, such as 'G.1X'.

    Raises:
        UnknownFactError: the catalog does not know it.
    """
    return GlueWorker.model_validate(entry("glue_workers", name))
