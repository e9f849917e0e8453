"""The real-time endpoint that answers requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, PrivateAttr, field_validator, model_validator

from penstock.advisor import Advice, choose
from penstock.advisor import Hosting as HostingNeed
from penstock.catalog import instances
from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, refusal, within
from pipelines.spec.canary import Canary
from pipelines.spec.capture import Capture
from pipelines.spec.instances import AUTO, check_volume_key, choice, usable_for
from pipelines.spec.serverless import SERVERLESS_SOURCE, Serverless
from pipelines.spec.variant import Variant


class Serving(Spec):
    """One production variant behind the endpoint `<pipeline>-<environment>`.

    `instance_type` may be 'auto': the pipeline, which knows the algorithm, then takes the cheapest
    one that fits; `instance_advice` says why. With `serverless` the endpoint has no instances,
    and the type is that of the batch transforms that judge a model; the container is not isolated
    from the network then, as SageMaker cannot do that. `volume_gb` None leaves the size of the
    instances' volume to SageMaker; `needs_volume_key` refuses types whose storage does not take
    the pipeline's key. `others` are further production variants.
    """

    instance_type: Annotated[str, AfterValidator(usable_for("hosting"))]
    instance_count: Annotated[int, within("sagemaker.hosting_instances")] = 1
    volume_gb: Annotated[int, within("sagemaker.hosting_volume_gb")] | None = None
    needs_volume_key: bool = False
    others: tuple[Variant, ...] = ()
    capture: Capture | None = None
    canary: Canary | None = None
    serverless: Serverless | None = None
    _advice: Advice | None = PrivateAttr(default=None)

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Those of all variants, the first one's first, each once."""
        return tuple(
            dict.fromkeys((self.instance_type, *(other.instance_type for other in self.others)))
        )

    @property
    def instance_advice(self) -> Advice | None:
        """What was said when the instance type was chosen; None where it was given."""
        return self._advice

    def with_instance_for(self, need: HostingNeed) -> Serving:
        """The same with the instance type that was chosen for a need.

        Raises:
            ValueError: the refusal of 'auto' when nothing fits.
        """
        advice = choose(need)
        name = choice(advice, "serving.instance_type")
        chosen = self.model_copy(update={"instance_type": name})
        chosen._advice = advice
        chosen._check_type()
        return chosen

    @model_validator(mode="after")
    def _check_chosen_type(self) -> Serving:
        if self.instance_type != AUTO:
            self._check_type()
        return self

    def _check_type(self) -> None:
        """What depends on the type, once it is known."""
        machine = instances.instance_type(self.instance_type)
        if self.volume_gb is not None and not machine.takes_volume_size:
            raise refusal(
                self.volume_gb,
                rule=f"volume_gb: {machine.name} has local NVMe storage, and volumes are EBS only",
                source="aws/sagemaker-python-sdk pull requests 3870 and 4828: VolumeSizeInGB is "
                "refused",
                remedy="leave it out, or use a type without local storage such as ml.m5.large",
            )
        if self.needs_volume_key:
            for name in self.instance_types:
                check_volume_key(name)
        if self.serverless is not None and machine.accelerator is not None:
            raise refusal(
                machine.name,
                rule="instance_type: a serverless endpoint has no accelerator, and a model that "
                "is judged on one may not answer without it",
                source=SERVERLESS_SOURCE,
                remedy="use a CPU type such as ml.m5.large, or leave serverless out",
            )

    @field_validator("others")
    @classmethod
    def _check_others(cls, value: tuple[Variant, ...]) -> tuple[Variant, ...]:
        bound = limit("sagemaker.production_variants")
        if not bound.allows(1 + len(value)):
            raise refusal(
                1 + len(value), rule=bound.rule, source=bound.citation, remedy="leave some out"
            )
        names = [variant.name for variant in value]
        for name in names:
            if names.count(name) > 1:
                raise refusal(
                    name,
                    rule="two variants have that name",
                    source="botocore 1.44.5 sagemaker model, ProductionVariant.VariantName",
                    remedy="rename one",
                )
        return value

    @model_validator(mode="after")
    def _check_serverless(self) -> Serving:
        if self.serverless is None:
            return self
        asked: tuple[tuple[str, object, bool, str], ...] = (
            ("instance_count", self.instance_count, self.instance_count > 1, "instances"),
            ("volume_gb", self.volume_gb, self.volume_gb is not None, "volume"),
            ("needs_volume_key", True, self.needs_volume_key, "volume that takes a key"),
            ("others", len(self.others), bool(self.others), "other variants"),
            ("capture", "capture", self.capture is not None, "data capture, nor a monitor"),
            ("canary", "canary", self.canary is not None, "instances to begin with"),
        )
        for name, value, given, what in asked:
            if given:
                raise refusal(
                    value,
                    rule=f"{name}: a serverless endpoint has no {what}",
                    source=SERVERLESS_SOURCE,
                    remedy="leave it out, or leave serverless out",
                )
        return self

    @model_validator(mode="after")
    def _check_canary(self) -> Serving:
        fewest = min((self.instance_count, *(other.instance_count for other in self.others)))
        if self.canary is not None and fewest < 2:
            raise refusal(
                fewest,
                rule="instance_count: a canary is at most half of a variant's instances, so there "
                "must be two",
                source="botocore 1.44.5 sagemaker model, TrafficRoutingConfig.CanarySize",
                remedy="use 2 or more, or leave canary out",
            )
        return self
