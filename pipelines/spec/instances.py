"""Refuses instance types that SageMaker does not offer for a use, and chooses one for 'auto'."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from penstock.advisor import Advice
from penstock.catalog import instances, retired
from pipelines.spec.base import refusal

AUTO = "auto"


def usable_for(use: instances.Use) -> Callable[[str], str]:
    """A validator of instance types for 'training' or 'hosting'; 'auto' is left for `choice`."""

    def check(value: str) -> str:
        if value == AUTO or value in instances.names(use):
            return value
        ended = retired.of_instance_type(value)
        if ended is not None and ended.status == "ended":
            raise refusal(value, rule=ended.in_words, source=ended.citation, remedy=ended.remedy)
        close = difflib.get_close_matches(value, instances.names(use), n=3) or ["ml.m5.large"]
        raise refusal(
            value,
            rule=_why_not(value, use),
            source=instances.source(),
            remedy=f"use {' or '.join(close)}, or {AUTO!r}",
        )

    return check


def _why_not(value: str, use: instances.Use) -> str:
    rule = f"no instance type that SageMaker offers for {use}"
    if value not in instances.all_names():
        return rule
    machine = instances.instance_type(value)
    if machine.graviton:
        return f"{rule}: Graviton is for hosting only"
    if machine.accelerator is not None and machine.accelerator.kind == "inferentia":
        return f"{rule}: Inferentia is for answers only"
    return rule


def check_volume_key(name: str) -> None:
    """Refuses a type whose storage does not take a key, where one is needed.

    Raises:
        ValueError: the refusal.
    """
    if not instances.instance_type(name).takes_volume_key:
        raise refusal(
            name,
            rule="instance_type: its storage is local NVMe, encrypted by the hardware, and takes "
            "no VolumeKmsKeyId",
            source="botocore 1.44.5 sagemaker model, ResourceConfig.VolumeKmsKeyId",
            remedy="use needs_volume_key=False, or a type without local storage such as "
            "ml.m5.large",
        )


def choice(advice: Advice, field: str) -> str:
    """The type that the advisor chose for a field that is 'auto'.

    Raises:
        ValueError: the refusal of a field for which nothing fits.
    """
    if advice.chosen is None:
        raise refusal(
            AUTO,
            rule=f"{field}: {advice.reason.removesuffix('.')}",
            source="penstock.advisor",
            remedy="name a type, or ask for less",
        )
    return advice.chosen.name
