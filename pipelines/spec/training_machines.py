"""The machines of a training job: refuses those that the program, or SageMaker, does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.catalog import instances
from penstock.catalog.limits import limit
from pipelines.spec.base import refusal
from pipelines.spec.instances import check_volume_key

if TYPE_CHECKING:
    from pipelines.spec.training_job import TrainingJob


def check_machines(job: TrainingJob) -> None:
    """Check type, number, storage and spare machines together.

    Raises:
        ValueError: the refusal of the first that does not fit.
    """
    _check_volume(job)
    _check_type(job)
    _check_number(job)
    if job.needs_volume_key:
        check_volume_key(job.instance_type)
    _check_spot(job)


def _check_volume(job: TrainingJob) -> None:
    machine = instances.instance_type(job.instance_type)
    given = "volume_gb" in job.model_fields_set and job.instance_advice is None
    if given and not machine.takes_volume_size:
        storage = "" if machine.nvme_gb is None else f" of {machine.nvme_gb:g} GB"
        raise refusal(
            job.volume_gb,
            rule=f"volume_gb: {machine.name} has local NVMe storage{storage} and gets no "
            "volume of another size",
            source="botocore 1.44.5 sagemaker model, ResourceConfig.VolumeSizeInGB",
            remedy="leave it out, or use a type without local storage such as ml.m5.large",
        )


def _check_type(job: TrainingJob) -> None:
    facts, machine = job.facts, instances.instance_type(job.instance_type)
    if machine.accelerator is None and not facts.cpu:
        raise refusal(
            job.instance_type,
            rule=f"instance_type: {job.program} trains on GPU types only",
            source=facts.citation,
            remedy=f"use {facts.machines}",
        )
    if machine.accelerator is not None and machine.family not in facts.accelerated_families:
        raise refusal(
            job.instance_type,
            rule=f"instance_type: {job.program} is not documented to use that accelerator",
            source=facts.citation,
            remedy=f"use {facts.machines}",
        )
    for name, values in facts.cpu_only_when.items():
        given = job.hyperparameters.get(name)
        if machine.accelerator is not None and given in values:
            raise refusal(
                job.instance_type,
                rule=f"instance_type: {job.program} with {name} {given} trains on CPU types only",
                source=facts.citation,
                remedy=f"use a CPU type such as ml.c5.xlarge, or another {name}",
            )


def _check_number(job: TrainingJob) -> None:
    facts = job.facts
    if job.instance_count > 1 and facts.multi_machine is False:
        raise refusal(
            job.instance_count,
            rule=f"instance_count: {job.program} trains on one machine",
            source=facts.citation,
            remedy="use 1",
        )
    for name, values in facts.multi_machine_when.items():
        given = job.hyperparameters.get(name)
        if job.instance_count > 1 and given not in values:
            raise refusal(
                job.instance_count,
                rule=f"instance_count: {job.program} with {name} {given} trains on one machine",
                source=facts.citation,
                remedy=f"use 1, or {name} {' or '.join(values)}",
            )


def _check_spot(job: TrainingJob) -> None:
    spot, facts = job.spot, job.facts
    bound = limit("sagemaker.spot_wait_without_checkpoints_seconds")
    if spot is None:
        return
    if spot.max_wait_minutes < job.max_runtime_minutes:
        raise refusal(
            spot.max_wait_minutes,
            rule="spot.max_wait_minutes: it holds waiting and training, and training alone "
            f"may take {job.max_runtime_minutes} minutes",
            source="botocore 1.44.5 sagemaker model, StoppingCondition.MaxWaitTimeInSeconds",
            remedy=f"use {job.max_runtime_minutes} or more, or a shorter max_runtime_minutes",
        )
    if spot.checkpoints and not facts.checkpoints:
        raise refusal(
            True,
            rule=f"spot.checkpoints: {job.program} writes none, so nothing would be kept",
            source=bound.citation,
            remedy="use False and a wait of 60 minutes or less",
        )
    if facts.checkpoints and not spot.checkpoints:
        raise refusal(
            False,
            rule=f"spot.checkpoints: {job.program} writes checkpoints, and without them an "
            "interrupted job begins anew",
            source=bound.citation,
            remedy="use True",
        )
    if not spot.checkpoints and not bound.allows(spot.max_wait_minutes * 60):
        raise refusal(
            spot.max_wait_minutes,
            rule=f"spot.max_wait_minutes: {bound.rule}",
            source=bound.citation,
            remedy="use 60 or less, or leave spot out",
        )
    if job.keep_alive_seconds:
        raise refusal(
            job.keep_alive_seconds,
            rule="keep_alive_seconds: spare machines are not kept in a warm pool",
            source="awsdocs/amazon-sagemaker-developer-guide@069d5bb "
            "doc_source/train-warm-pools.md",
            remedy="use 0, or leave spot out",
        )
