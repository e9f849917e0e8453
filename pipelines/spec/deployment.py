"""A pipeline in an environment: the unit that becomes one stage of stacks."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import model_validator

from penstock.catalog import images, retired
from pipelines.spec.base import Spec, refusal
from pipelines.spec.buckets import Buckets
from pipelines.spec.environment import Environment
from pipelines.spec.pipeline import Pipeline
from pipelines.spec.serverless import SERVERLESS_SOURCE

STAGE_TAG = "stage"  # one tag, for a budget's filter takes several for alternatives


class Deployment(Spec):
    """What no half can know alone: names of both, what the region and the account have."""

    pipeline: Pipeline
    environment: Environment

    @property
    def prefix(self) -> str:
        """`<pipeline>-<environment>`: the endpoint's name and the start of every other one."""
        return f"{self.pipeline.name}-{self.environment.name}"

    @property
    def buckets(self) -> Buckets:
        """The buckets that are there already for this pipeline."""
        return self.environment.buckets.get(self.pipeline.name, Buckets())

    @property
    def tags(self) -> Mapping[str, str]:
        """What every resource and every job of it bears, beside the environment's own tags."""
        tags = {"pipeline": self.pipeline.name, "environment": self.environment.name}
        if self.environment.budget is not None:
            tags[STAGE_TAG] = self.prefix
        if self.environment.expires_utc is not None:
            tags["expires"] = f"{self.environment.expires_utc}Z"
        return tags

    @model_validator(mode="after")
    def _check_account_has_closed_services(self) -> Deployment:
        monitor = self.pipeline.monitor
        if monitor is None or monitor.engine not in retired.names():
            return self
        if monitor.engine not in self.environment.closed_services:
            found = retired.retired(monitor.engine)
            raise refusal(
                monitor.engine,
                rule=f"pipeline.monitor.engine: {found.in_words}",
                source=found.citation,
                remedy="use 'penstock', or name it in environment.closed_services if the account "
                "had it before",
            )
        return self

    @model_validator(mode="after")
    def _check_serverless_network(self) -> Deployment:
        network = self.environment.network
        if self.pipeline.serving.serverless is not None and network is not None:
            raise refusal(
                network.vpc_id,
                rule="environment.network: a serverless endpoint cannot be in a VPC",
                source=SERVERLESS_SOURCE,
                remedy="leave it out, or leave pipeline.serving.serverless out",
            )
        return self

    @model_validator(mode="after")
    def _check_region_has_images(self) -> Deployment:
        training, region = self.pipeline.training, self.environment.region
        needed = [
            training.image,
            *map(training.hosting_image, self.pipeline.serving.instance_types),
        ]
        monitor = self.pipeline.monitor
        if monitor is not None and monitor.engine == "model-monitor":
            needed.append(images.image(monitor.engine))
        for image in needed:
            if region not in image.accounts:
                raise refusal(
                    region,
                    rule="environment.region: the catalog has no registry of "
                    f"{image.repository} there",
                    source=image.citation,
                    remedy=f"use one of {', '.join(image.regions)}",
                )
        return self

    @model_validator(mode="after")
    def _check_scoring_is_served(self) -> Deployment:
        switch, name = self.environment.serving_switch, self.pipeline.name
        if self.pipeline.scoring is not None and switch is not None:
            # an expiry brings a switch that nobody wrote
            written = "serving_switch" in self.environment.model_fields_set
            field = "serving_switch" if written else "expires"
            raise refusal(
                switch.model_dump(exclude_none=True)
                if written
                else f"{self.environment.expires_utc}Z",
                rule=f"environment.{field}: {name}'s endpoint scores its stream, and points that "
                "come while serving is switched off would end in the dead-letter queue",
                source="pipelines.spec.Scoring",
                remedy=f"leave {field} out, or deploy {name} to an environment without it",
            )
        return self
