"""What the advisor says of the instance types of a pipeline's training and endpoint."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from penstock.advisor import Advice, Candidate, Need, choose, compared
from penstock.catalog import ec2_prices, instances
from penstock.cli.errors import UsageError
from penstock.cli.step_need import size_is_known, step_need

if TYPE_CHECKING:
    from pipelines.spec import Pipeline


@dataclass(frozen=True)
class Choice:
    """The type that a description ends up with, and the advisor's answer to the same need.

    `is_auto` says whether the description left the choice to the advisor. `comparison` is one
    sentence on the type, None where it is the advisor's own first choice. `variant` is the name of
    a further production variant, None of the first one and of the training.
    """

    use: Literal["training", "serving"]
    instance_type: str
    is_auto: bool
    advice: Advice
    comparison: str | None
    variant: str | None = None

    @property
    def name(self) -> str:
        """What the choice is for, in words."""
        return self.use if self.variant is None else f"{self.use}, variant {self.variant}"

    @classmethod
    def of(
        cls,
        use: Literal["training", "serving"],
        instance_type: str,
        need: Need,
        *,
        is_auto: bool,
    ) -> Choice:
        """What is said of a type that a need has got."""
        if not is_auto:
            need = _of_the_kind(need, instance_type)
        advice = choose(need)
        own = is_auto and advice.chosen is not None and advice.chosen.name == instance_type
        comparison = None if own else compared(instance_type, advice)
        return cls(use, instance_type, is_auto, advice, comparison)

    def document(self) -> dict[str, Any]:
        """The choice as JSON has it."""
        return {
            "instance_type": self.instance_type,
            "auto": self.is_auto,
            "comparison": self.comparison,
            "first_choice": None if self.advice.chosen is None else self.advice.chosen.name,
            "reason": self.advice.reason,
            "candidates": [_candidate(candidate) for candidate in self.advice.candidates],
            "notes": list(self.advice.notes),
            "unconfirmed": list(self.advice.unconfirmed),
        }


def _of_the_kind(need: Need, instance_type: str) -> Need:
    """Who names a machine for a program of their own has chosen what it computes on."""
    if need.algorithm is not None:
        return need
    accelerator = instances.instance_type(instance_type).accelerator
    kind = "cpu" if accelerator is None else accelerator.kind
    return need.model_copy(update={"runs_on": (kind,)})


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "machines": candidate.machines,
        "ec2_usd_per_hour": candidate.usd_per_hour,
        "ec2_usd_per_unit": candidate.usd_per_unit,
        "unit": candidate.unit,
        "reason": candidate.reason,
    }


def choices(
    pipeline: Pipeline, *, region: str, families: tuple[str, ...] | None
) -> tuple[Choice, ...]:
    """The machines of the training, of the endpoint and of its further variants, in a Region.

    `families` are those that may be chosen from, None for all; what a description left to 'auto'
    was chosen without such a limit, and is compared with what would be chosen within it. There are
    none where nothing says what the machines must hold.
    """
    if not size_is_known(pipeline):
        return ()
    limits: dict[str, Any] = {"region": region, "families": families}
    training, serving = pipeline.training, pipeline.serving
    hosts = Choice.of(
        "serving",
        serving.instance_type,
        pipeline.serving_need.model_copy(update=limits),
        is_auto=serving.instance_advice is not None,
    )
    if serving.serverless is not None:
        said = f"The endpoint is serverless: {serving.instance_type} is for batch transforms alone."
        hosts = replace(hosts, comparison=" ".join(filter(None, (said, hosts.comparison))))
    return (
        Choice.of(
            "training",
            training.instance_type,
            step_need(pipeline).model_copy(update=limits),
            is_auto=training.instance_advice is not None,
        ),
        hosts,
        *_variants(pipeline, limits),
    )


def _variants(pipeline: Pipeline, limits: dict[str, Any]) -> Iterator[Choice]:
    """Those beside the first one, which alone is asked for batch transforms."""
    need = pipeline.serving_need.model_copy(update={**limits, "transform": False})
    for other in pipeline.serving.others:
        choice = Choice.of("serving", other.instance_type, need, is_auto=False)
        yield replace(choice, variant=other.name)


def document_of(chosen: Sequence[Choice]) -> dict[str, Any]:
    """All choices as JSON has them, and whose prices order the candidates."""
    return {
        **{one.use: one.document() for one in chosen if one.variant is None},
        "others": {one.variant: one.document() for one in chosen if one.variant is not None},
        "prices": prices_document(),
    }


def prices_document() -> dict[str, Any]:
    """Whose prices order the candidates, as JSON has it."""
    facts = ec2_prices.prices()
    return {
        "of": "EC2 on demand, not SageMaker's",
        "region": facts.region,
        "date": facts.date,
        "source": list(facts.source),
    }


def families_of(text: str | None) -> tuple[str, ...] | None:
    """The families of 'm5,g5'. UsageError if SageMaker has no such one."""
    if text is None:
        return None
    families = tuple(part.strip() for part in text.split(","))
    for family in families:
        if family not in instances.families():
            close = difflib.get_close_matches(family.removeprefix("ml."), instances.families())
            raise UsageError(
                f"--families {family!r}: SageMaker has no such family ({instances.source()}); "
                f"use {' or '.join(close or ['m5', 'g5'])}, several with a comma between them"
            )
    return families
