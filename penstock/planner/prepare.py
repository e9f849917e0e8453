"""Glue workers of the prepare job: by the disk that a shuffle of all records needs."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words, read_data
from penstock.catalog.glue_workers import GlueWorker, glue_worker
from penstock.catalog.limits import limit
from penstock.planner.described import Prepare
from penstock.planner.figure import Figure
from penstock.planner.rounding import whole


@dataclass(frozen=True)
class WorkerPlan:
    """Every record is shuffled once, and what does not fit into memory lies on the workers' disks.

    `input_gb` counts records as they were sent, which is more than their Parquet has. One worker
    is the driver. How long it takes is not planned: no source says what a worker gets done.
    """

    input_gb: float
    worker_type: str

    @property
    def facts(self) -> GlueWorker:
        """What is in a worker."""
        return glue_worker(self.worker_type)

    @property
    def workers(self) -> int:
        """How many are enough for the shuffle; a job has two at least."""
        least = int(limit("glue.workers").minimum)
        return max(least, 1 + whole(self.input_gb / self.facts.free_disk_gb))

    @property
    def fits(self) -> bool:
        """Whether a job may have so many; where the most is unknown, it is taken to."""
        return self.facts.most_workers is None or self.workers <= self.facts.most_workers

    @property
    def tasks(self) -> int:
        """What runs at once on all but the driver: one task on each vCPU."""
        return (self.workers - 1) * self.facts.vcpus


def larger(plan: WorkerPlan) -> WorkerPlan:
    """The first of the general types from the plan's own on whose workers are not too many."""
    names = [name for name in read_data("glue_workers") if name.startswith("G.")]
    start = names.index(plan.worker_type) if plan.worker_type in names else 0
    for name in names[start:]:
        bigger = WorkerPlan(plan.input_gb, name)
        if bigger.fits:
            return bigger
    return plan


def figures(prepare: Prepare, *, input_gb: float, hours: float) -> list[Figure]:
    """The workers for the records of so many hours."""
    plan = WorkerPlan(input_gb, prepare.worker_type)
    facts = plan.facts
    because = (
        f"1 driver + {in_words(round(input_gb, 3))} GB shuffled / {facts.free_disk_gb} GB free on "
        f"each {prepare.worker_type}; the description has {prepare.workers}"
    )
    if not plan.fits:
        other = larger(plan)
        because += (
            f"; a job has {facts.most_workers} at most: take {other.worker_type} x {other.workers}"
            ", or prepare fewer hours of records"
        )
    return [
        Figure(
            "prepare.input_gb",
            round(input_gb, 3),
            "GB",
            f"the records of {in_words(hours)} hours as they are sent; the job reads all that the "
            "lake has, so this grows with its age",
        ),
        Figure(
            "prepare.workers",
            plan.workers,
            "workers",
            because,
            source=facts.source,
            unconfirmed=facts.unconfirmed,
        ),
    ]
