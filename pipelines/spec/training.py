"""The training job of a first-party algorithm: its settings, and what they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import field_validator, model_validator

from penstock.advisor import Hosting as HostingNeed
from penstock.advisor import Training as TrainingNeed
from penstock.catalog import algorithms, images
from penstock.catalog.algorithms import Algorithm
from penstock.catalog.images import Image
from pipelines.spec.base import advice, refusal
from pipelines.spec.closed import refuse_closed
from pipelines.spec.hyperparameters import check_hyperparameters
from pipelines.spec.training_job import TrainingJob
from pipelines.spec.tuning import Tuning


class Training(TrainingJob):
    """A training job of one of SageMaker's own algorithms, with its hyperparameters."""

    algorithm: str
    tuning: Tuning | None = None

    @property
    def program(self) -> str:
        """The algorithm's name."""
        return self.algorithm

    @property
    def facts(self) -> Algorithm:
        """What the catalog knows of the algorithm."""
        return algorithms.algorithm(self.algorithm)

    @property
    def image(self) -> Image:
        """The algorithm's image."""
        assert self.facts.image is not None  # refused above
        return images.image(self.facts.image)

    def hosting_image(self, _instance_type: str, /) -> Image:
        """The same image answers."""
        return self.image

    @property
    def hosting_need(self) -> HostingNeed:
        """The algorithm's own."""
        return HostingNeed(algorithm=self.algorithm)

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
        """Those of every job, and what is not wise about `tuning`."""
        lines, facts = list(super().warnings), self.facts
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

    @model_validator(mode="before")
    @classmethod
    def _as_strings(cls, data: Any) -> Any:
        """Numbers and booleans become the strings that SageMaker sends; others are left to fail."""
        given = data.get("hyperparameters") if isinstance(data, Mapping) else None
        if not isinstance(given, Mapping):
            return data
        name = data.get("algorithm")
        known = algorithms.algorithm(name).hyperparameters if name in algorithms.names() else {}

        def text(parameter: str, setting: Any) -> Any:
            if isinstance(setting, bool):
                words = known[parameter].words if parameter in known else ()
                return str(setting) if str(setting) in words else str(setting).lower()
            return str(setting) if isinstance(setting, int | float) else setting

        return {
            **data,
            "hyperparameters": {name: text(name, value) for name, value in given.items()},
        }

    @model_validator(mode="after")
    def _check_hyperparameters(self) -> Self:
        ranges = self.tuning.ranges if self.tuning is not None else {}
        check_hyperparameters(self.algorithm, self.facts, self.hyperparameters, ranges)
        return self

    @model_validator(mode="after")
    def _check_objective(self) -> Self:
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
