"""The training job: a first-party algorithm, its settings, its machines, its channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, PrivateAttr, ValidationInfo, field_validator, model_validator

from penstock.advisor import Advice, choose
from penstock.advisor import Training as TrainingNeed
from penstock.catalog import algorithms, instances
from penstock.catalog.algorithms import Algorithm, Distribution
from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, advice, refusal, within
from pipelines.spec.closed import refuse_closed
from pipelines.spec.hyperparameters import check_hyperparameters
from pipelines.spec.instances import AUTO, check_volume_key, choice, usable_for
from pipelines.spec.spot import Spot
from pipelines.spec.tuning import Tuning

PREPARED_CHANNELS = ("train", "validation", "test")


class Training(Spec):
    """A SageMaker training job; `channels` are those that the Prepare job writes.

    `instance_type` may be 'auto': the cheapest one that the algorithm is documented for, with room
    for `volume_gb` if that is given; `instance_advice` says why. `volume_gb` is of no effect where
    the machine has storage of its own; `needs_volume_key` refuses such a machine, as it does not
    take the pipeline's key.
    `distribution` says, by channel, whether each machine gets all of its objects or a share of
    them, where that is not to be the way that the algorithm wants it.
    The machines stay for `keep_alive_seconds` after a job, and are paid for, so that the next one
    need not wait for new ones: a warm pool, whose quota is 0 until AWS raises it.
    """

    algorithm: str
    hyperparameters: Mapping[str, str]
    instance_type: Annotated[str, AfterValidator(usable_for("training"))]
    instance_count: Annotated[int, within("sagemaker.training_instances")] = 1
    volume_gb: Annotated[int, within("sagemaker.volume_gb")] = 30
    needs_volume_key: bool = False
    input_mode: Literal["File", "Pipe"]
    content_type: str
    channels: tuple[str, ...] = PREPARED_CHANNELS
    distribution: Mapping[str, Distribution] = {}
    max_runtime_minutes: Annotated[int, within("sagemaker.max_runtime_minutes")] = 60
    keep_alive_seconds: Annotated[int, within("sagemaker.warm_pool_seconds")] = 0
    spot: Spot | None = None
    tuning: Tuning | None = None
    _advice: Advice | None = PrivateAttr(default=None)

    @property
    def instance_advice(self) -> Advice | None:
        """What was said when the instance type was chosen; None where it was given."""
        return self._advice

    @property
    def longest_minutes(self) -> int:
        """How long a job may take, waiting for spare machines included."""
        return self.max_runtime_minutes if self.spot is None else self.spot.max_wait_minutes

    @property
    def facts(self) -> Algorithm:
        """What the catalog knows of the algorithm."""
        return algorithms.algorithm(self.algorithm)

    def distribution_of(self, channel: str) -> Distribution:
        """The S3DataDistributionType of a channel."""
        return self.distribution.get(channel) or self.facts.distribution_of(channel)

    @property
    def instance_need(self) -> TrainingNeed:
        """What the machines must have, for the advisor."""
        return TrainingNeed(
            algorithm=self.algorithm,
            machines=self.instance_count,
            data_gb=self.volume_gb if "volume_gb" in self.model_fields_set else None,
            volume_key=self.needs_volume_key,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What AWS would take, and is not wise or not known to work; one line each."""
        facts, lines = self.facts, []
        if self.instance_count > 1 and facts.multi_machine is None:
            lines.append(
                advice(
                    self.instance_count,
                    place="instance_count",
                    rule=f"whether {self.algorithm} trains on several machines is unconfirmed",
                    source=facts.citation,
                    remedy="use 1, or compare the time that both take",
                )
            )
        if self.instance_count > 1 and self.spot is not None and self.spot.checkpoints:
            lines.append(
                advice(
                    True,
                    place="spot.checkpoints",
                    rule="several machines write to the same place, and whether their checkpoints "
                    f"have names of their own with {self.algorithm} is unconfirmed",
                    source="awsdocs/amazon-sagemaker-developer-guide@1086485 "
                    "doc_source/model-checkpoints.md, considerations",
                    remedy="use instance_count 1, or leave spot out",
                )
            )
        for channel, advised in facts.advised_distribution.items():
            if self.instance_count > 1 and self.distribution.get(channel, advised) != advised:
                lines.append(
                    advice(
                        self.distribution[channel],
                        place=f"distribution.{channel}",
                        rule=f"{self.algorithm} on several machines is advised to have {advised}",
                        source=facts.citation,
                        remedy="leave it out",
                    )
                )
        if self.tuning is not None:
            lines.append(
                advice(
                    tuple(self.tuning.ranges),
                    place="tuning",
                    rule="no stack starts a tuning job; the training job has the hyperparameters' "
                    "own values",
                    source="pipelines.spec.Training",
                    remedy="start one by hand, or leave it out",
                )
            )
            lines += [f"tuning.{line}" for line in self.tuning.warnings]
            for name in self.tuning.ranges:
                if name not in facts.tunable:
                    lines.append(
                        advice(
                            name,
                            place="tuning.ranges",
                            rule=f"it is not among those that {self.algorithm} is documented to "
                            "be tuned by",
                            source=facts.citation,
                            remedy=f"use some of {', '.join(facts.tunable)}",
                        )
                    )
        return tuple(lines)

    @field_validator("algorithm")
    @classmethod
    def _check_algorithm(cls, value: str) -> str:
        refuse_closed(value)
        if value not in algorithms.names():
            raise refusal(
                value,
                rule="no such first-party algorithm in the catalog",
                source="penstock/catalog/data/algorithms",
                remedy=f"use one of {', '.join(algorithms.names())}",
            )
        facts = algorithms.algorithm(value)
        if facts.image is None:
            raise refusal(
                value,
                rule="it has no image of its own: JumpStart runs a script in another's container",
                source=facts.citation,
                remedy="use xgboost or linear-learner",
            )
        return value

    @field_validator("hyperparameters", mode="before")
    @classmethod
    def _as_strings(cls, value: Any, info: ValidationInfo) -> Any:
        """Numbers and booleans become the strings that SageMaker sends; others are left to fail."""
        if not isinstance(value, Mapping):
            return value
        name = info.data.get("algorithm")
        known = algorithms.algorithm(name).hyperparameters if name is not None else {}

        def text(parameter: str, setting: Any) -> Any:
            if isinstance(setting, bool):
                words = known[parameter].words if parameter in known else ()
                return str(setting) if str(setting) in words else str(setting).lower()
            return str(setting) if isinstance(setting, int | float) else setting

        return {parameter: text(parameter, setting) for parameter, setting in value.items()}

    @model_validator(mode="after")
    def _check_hyperparameters(self) -> Training:
        ranges = self.tuning.ranges if self.tuning is not None else {}
        check_hyperparameters(self.algorithm, self.facts, self.hyperparameters, ranges)
        return self

    @model_validator(mode="after")
    def _check_objective(self) -> Training:
        facts = self.facts
        if self.tuning is not None and self.tuning.objective not in facts.final_metrics:
            metrics = ", ".join(facts.final_metrics)
            raise refusal(
                self.tuning.objective,
                rule=f"tuning.objective: {self.algorithm} reports no such metric",
                source=facts.citation,
                remedy=f"use one of {metrics}" if metrics else "leave tuning out: it reports none",
            )
        return self

    @model_validator(mode="after")
    def _check_input(self) -> Training:
        facts = self.facts
        modes = facts.training.get(self.content_type)
        if modes is None:
            raise refusal(
                self.content_type,
                rule=f"content_type: {self.algorithm} does not train on it",
                source=facts.citation,
                remedy=f"use {' or '.join(facts.training)}",
            )
        if self.content_type in facts.augmented_manifest:
            # channels of a pipeline are prefixes, never such a manifest
            modes = tuple(mode for mode in modes if mode != "Pipe")
        if self.input_mode not in modes:
            raise refusal(
                self.input_mode,
                rule=f"input_mode: {self.algorithm} cannot read {self.content_type} that way",
                source=facts.citation,
                remedy=f"use {self._other_input(modes)}",
            )
        return self

    def _other_input(self, modes: tuple[str, ...]) -> str:
        """What would do instead of this input mode: another one, or another content type."""
        others = [
            form
            for form, its in self.facts.training.items()
            if self.input_mode in its and form not in self.facts.augmented_manifest
        ]
        types = [f"{self.input_mode} with {form}" for form in others]
        return " or ".join([*modes, *types]) or "another content type"

    @model_validator(mode="after")
    def _check_channels(self) -> Training:
        facts = self.facts
        for channel in self.channels:
            if channel not in facts.channels.known or channel not in PREPARED_CHANNELS:
                raise refusal(
                    channel,
                    rule=f"channels: {self.algorithm} has no such channel, or no job writes it",
                    source=facts.citation,
                    remedy=f"use of {', '.join(facts.channels.known)}",
                )
        for channel in facts.channels.required:
            if channel not in self.channels:
                raise refusal(
                    self.channels,
                    rule=f"channels: {self.algorithm} needs the channel {channel}",
                    source=facts.citation,
                    remedy="add it",
                )
        return self

    @model_validator(mode="after")
    def _check_distribution(self) -> Training:
        facts = self.facts
        for channel, wanted in self.distribution.items():
            if channel not in self.channels:
                raise refusal(
                    channel,
                    rule="distribution: it is not one of the channels",
                    source="pipelines.spec.Training",
                    remedy=f"use of {', '.join(self.channels)}",
                )
            only = facts.distribution.get(channel, wanted)
            if wanted != only:
                raise refusal(
                    wanted,
                    rule=f"distribution: the channel {channel} of {self.algorithm} takes {only} "
                    "only",
                    source=facts.citation,
                    remedy=f"leave it out, or use {only}",
                )
        return self

    @model_validator(mode="after")
    def _choose_machine(self) -> Training:
        if self.instance_type == AUTO:
            self._advice = choose(self.instance_need)
            # what is frozen is set once, here, before anybody sees it
            object.__setattr__(self, "instance_type", choice(self._advice, "instance_type"))
        return self

    @model_validator(mode="after")
    def _check_volume(self) -> Training:
        machine = instances.instance_type(self.instance_type)
        given = "volume_gb" in self.model_fields_set and self._advice is None
        if given and not machine.takes_volume_size:
            storage = "" if machine.nvme_gb is None else f" of {machine.nvme_gb:g} GB"
            raise refusal(
                self.volume_gb,
                rule=f"volume_gb: {machine.name} has local NVMe storage{storage} and gets no "
                "volume of another size",
                source="botocore 1.44.5 sagemaker model, ResourceConfig.VolumeSizeInGB",
                remedy="leave it out, or use a type without local storage such as ml.m5.large",
            )
        return self

    @model_validator(mode="after")
    def _check_machine(self) -> Training:
        facts, machine = self.facts, instances.instance_type(self.instance_type)
        if machine.accelerator is None and not facts.cpu:
            raise refusal(
                self.instance_type,
                rule=f"instance_type: {self.algorithm} trains on GPU types only",
                source=facts.citation,
                remedy=f"use {facts.machines}",
            )
        if machine.accelerator is not None and machine.family not in facts.accelerated_families:
            raise refusal(
                self.instance_type,
                rule=f"instance_type: {self.algorithm} is not documented to use that accelerator",
                source=facts.citation,
                remedy=f"use {facts.machines}",
            )
        for name, values in facts.cpu_only_when.items():
            given = self.hyperparameters.get(name)
            if machine.accelerator is not None and given in values:
                raise refusal(
                    self.instance_type,
                    rule=f"instance_type: {self.algorithm} with {name} {given} trains on CPU types "
                    "only",
                    source=facts.citation,
                    remedy=f"use a CPU type such as ml.c5.xlarge, or another {name}",
                )
        return self

    @model_validator(mode="after")
    def _check_number_of_machines(self) -> Training:
        facts = self.facts
        if self.instance_count > 1 and facts.multi_machine is False:
            raise refusal(
                self.instance_count,
                rule=f"instance_count: {self.algorithm} trains on one machine",
                source=facts.citation,
                remedy="use 1",
            )
        for name, values in facts.multi_machine_when.items():
            given = self.hyperparameters.get(name)
            if self.instance_count > 1 and given not in values:
                raise refusal(
                    self.instance_count,
                    rule=f"instance_count: {self.algorithm} with {name} {given} trains on one "
                    "machine",
                    source=facts.citation,
                    remedy=f"use 1, or {name} {' or '.join(values)}",
                )
        return self

    @model_validator(mode="after")
    def _check_volume_key(self) -> Training:
        if self.needs_volume_key:
            check_volume_key(self.instance_type)
        return self

    @model_validator(mode="after")
    def _check_spot(self) -> Training:
        spot, facts = self.spot, self.facts
        bound = limit("sagemaker.spot_wait_without_checkpoints_seconds")
        if spot is None:
            return self
        if spot.max_wait_minutes < self.max_runtime_minutes:
            raise refusal(
                spot.max_wait_minutes,
                rule="spot.max_wait_minutes: it holds waiting and training, and training alone "
                f"may take {self.max_runtime_minutes} minutes",
                source="botocore 1.44.5 sagemaker model, StoppingCondition.MaxWaitTimeInSeconds",
                remedy=f"use {self.max_runtime_minutes} or more, or a shorter max_runtime_minutes",
            )
        if spot.checkpoints and not facts.checkpoints:
            raise refusal(
                True,
                rule=f"spot.checkpoints: {self.algorithm} writes none, so nothing would be kept",
                source=bound.citation,
                remedy="use False and a wait of 60 minutes or less",
            )
        if facts.checkpoints and not spot.checkpoints:
            raise refusal(
                False,
                rule=f"spot.checkpoints: {self.algorithm} writes checkpoints, and without them an "
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
        if self.keep_alive_seconds:
            raise refusal(
                self.keep_alive_seconds,
                rule="keep_alive_seconds: spare machines are not kept in a warm pool",
                source="awsdocs/amazon-sagemaker-developer-guide@069d5bb "
                "doc_source/train-warm-pools.md",
                remedy="use 0, or leave spot out",
            )
        return self
