"""What a pipeline needs on each accelerator that it offers, at one load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from penstock.advisor import Judged, judge
from penstock.catalog import ec2_prices
from penstock.catalog.frameworks import FrameworkImage, framework_image
from penstock.catalog.instances import InstanceType, instance_type
from penstock.cli.step_need import size_is_known, step_need
from penstock.planner.cost import Amount, Cost
from penstock.planner.plan import Plan
from penstock.planner.quantities import quantities
from penstock.planner.quotas import QuotaNeed, needs
from penstock.planner.uses import Role, Use, uses

if TYPE_CHECKING:
    from penstock.catalog.images import Image
    from penstock.planner.prices import Prices
    from pipelines.spec import Pipeline


@dataclass(frozen=True)
class Machines:
    """The machines of one use, and what the catalog and the advisor know of them.

    `judged` is None where nothing says what the work takes: that of a compiler, of a transform.
    """

    use: Use
    facts: InstanceType
    volume_gb: int | None
    judged: Judged | None
    image: Image
    quotas: tuple[QuotaNeed, ...]
    month: Amount

    @property
    def ec2_usd_per_hour(self) -> float | None:
        """What EC2 asks for one, on demand; None if unknown. SageMaker asks something else."""
        return ec2_prices.prices().usd_per_hour.get(self.use.instance_type)

    def document(self) -> dict[str, Any]:
        """The machines as JSON has them."""
        facts, use = self.facts, self.use
        return {
            "instance_type": use.instance_type,
            "count": use.count,
            "spot": use.is_spot,
            "accelerator": None
            if facts.accelerator is None
            else facts.accelerator.model_dump(mode="json"),
            "vcpus": facts.vcpus,
            "memory_gib": facts.memory_gib,
            "storage": facts.storage,
            "nvme_gb": facts.nvme_gb,
            "volume_gb": self.volume_gb,
            "model": None if self.judged is None else vars(self.judged),
            "image": self.image.path,
            "libraries": dict(self.image.libraries)
            if isinstance(self.image, FrameworkImage)
            else None,
            "retirement": None if facts.retirement is None else facts.retirement.in_words,
            "at_most_hours_a_run": use.hours,
            "hours_a_month": self.month.quantity.amount,
            "hours_bound": self.month.quantity.bound,
            "amount_a_month": self.month.amount,
            "ec2_usd_per_hour": self.ec2_usd_per_hour,
            "quotas": [need.document() for need in self.quotas],
            "unconfirmed": [*facts.unconfirmed, *self.image.unconfirmed],
        }


@dataclass(frozen=True)
class Offer:
    """A pipeline on one accelerator; `is_default` if it is what runs when none is named."""

    accelerator: str
    is_default: bool
    pipeline: Pipeline
    plan: Plan
    cost: Cost
    quotas: tuple[QuotaNeed, ...]

    @cached_property
    def machines(self) -> Mapping[Role, Machines]:
        """By what they are for."""
        return {use.role: self._machines(use) for use in uses(self.plan)}

    def document(self) -> dict[str, Any]:
        """The offer as JSON has it."""
        return {
            "default": self.is_default,
            "machines": {role: found.document() for role, found in self.machines.items()},
            "quantities": {
                found.quantity.name: found.quantity.document() for found in self.cost.amounts
            },
            "cost": self.cost.document(),
        }

    def _machines(self, use: Use) -> Machines:
        facts = instance_type(use.instance_type)
        training = self.pipeline.training
        return Machines(
            use=use,
            facts=facts,
            volume_gb=training.volume_gb
            if use.role == "training" and facts.takes_volume_size
            else None,
            judged=self._judged(use),
            image=self._image(use),
            quotas=tuple(
                need
                for need in self.quotas
                if need.key == use.quota and need.name.startswith(f"{use.instance_type} ")
            ),
            month=self.cost.part([use.quantity]).amounts[0],
        )

    def _judged(self, use: Use) -> Judged | None:
        if not size_is_known(self.pipeline):
            return None
        if use.role == "training":
            return judge(use.instance_type, step_need(self.pipeline))
        if use.role == "serving":
            return judge(use.instance_type, self.pipeline.serving_need)
        return None

    def _image(self, use: Use) -> Image:
        training = self.pipeline.training
        if use.role == "training":
            return training.image
        if use.role == "compilation":
            from pipelines.spec import ScriptTraining

            if isinstance(training, ScriptTraining):
                return framework_image(training.framework, "training", "neuron")
        return training.hosting_image(use.instance_type)


def offers(
    offered: Mapping[str, Pipeline],
    default: Pipeline,
    *,
    planned: Plan,
    environment: str,
    prices: Prices | None,
) -> list[Offer]:
    """Each offer at the load, in the Region and with the requests of a plan.

    Args:
        offered: by accelerator.
        default: what runs where none is named.
        planned: the plan of one of them.
        environment: of cdk.json's environments.
        prices: None where none were given.
    """

    found = []
    for accelerator, pipeline in offered.items():
        plan = replace(planned, pipeline=pipeline)
        found.append(
            Offer(
                accelerator=accelerator,
                is_default=pipeline == default,
                pipeline=pipeline,
                plan=plan,
                cost=Cost.of(quantities(plan), prices),
                quotas=tuple(needs(plan, environment)),
            )
        )
    return found
