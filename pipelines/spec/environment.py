"""Where a pipeline is deployed to, and how freely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Literal

from pydantic import AwareDatetime, field_validator, model_validator
from pydantic import Field as Described

from penstock.catalog import retired
from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, matching, refusal
from pipelines.spec.buckets import Buckets
from pipelines.spec.budget import Budget
from pipelines.spec.closed import refuse_closed
from pipelines.spec.network import Network
from pipelines.spec.serving_switch import ServingSwitch

_NAME = re.compile(r"[a-z][a-z0-9]{0,7}")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d")
_KEY = re.compile(r"arn:[\w-]+:kms:(?P<region>[\w-]+):\d{12}:key/[\w-]+")
_TAG = re.compile(r"[\w\s.:/=+\-@]*")

EnvironmentName = Annotated[
    str,
    matching(
        "1 to 8 lower-case letters and digits, beginning with a letter",
        lambda value: _NAME.fullmatch(value) is not None,
        "botocore 1.44.5 sagemaker model, EndpointName and TrainingJobName (63 characters)",
    ),
]


class Environment(Spec):
    """One place to deploy to.

    `account` None means the account of whoever deploys. `approval` automatic registers models
    as Approved, which deploys them; manual leaves them pending for a person. Data is deleted
    with the stacks only where `removable` is true and the app allows data removal as well.
    `closed_services` are those of the catalog that the account had before they closed to new
    customers, such as 'model-monitor'. `budget` is that of each pipeline there.

    `key_arn` is a KMS key that is there already, for all pipelines of the environment; None
    makes one for each. Its policy is its owner's, and must let in what the pipeline's own key
    lets in: the account's roles by their policies, CloudWatch Logs and CloudWatch's alarms by
    name (stacks/encryption_key.py), and Budgets where there is a budget (stacks/budget_alarm.py).
    `buckets` has what is there already by pipeline. With a `network` every job, model and
    function runs in it.

    Without `serving_switch` the endpoint is there as soon as there is a model, and stays. With
    `expires`, such as 2026-12-31T18:00:00Z, every resource that takes tags says so in one, and
    serving is switched off at that time; everything else stays until somebody destroys it.
    """

    name: EnvironmentName
    account: str | None = None
    region: str
    approval: Literal["automatic", "manual"] = "manual"
    removable: bool = False
    permissions_boundary: Annotated[str, Described(min_length=1, max_length=128)] | None = None
    log_retention_days: int = 90
    tags: Mapping[str, str] = {}
    key_arn: str | None = None
    buckets: Mapping[str, Buckets] = {}
    network: Network | None = None
    closed_services: tuple[str, ...] = ()
    budget: Budget | None = None
    serving_switch: ServingSwitch | None = None
    expires: AwareDatetime | None = None

    @property
    def expires_utc(self) -> str | None:
        """`expires` as a schedule says it: yyyy-mm-ddThh:mm:ss, in UTC."""
        if self.expires is None:
            return None
        return self.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    @model_validator(mode="after")
    def _expire_by_switch(self) -> Environment:
        if self.expires is not None and self.serving_switch is None:
            # what is frozen is set once, here, before anybody sees it
            object.__setattr__(self, "serving_switch", ServingSwitch())
        return self

    @field_validator("expires")
    @classmethod
    def _check_expires(cls, value: AwareDatetime | None) -> AwareDatetime | None:
        if value is not None and value.microsecond:
            raise refusal(
                value.isoformat(),
                rule="a one-time schedule has whole seconds",
                source="EventBridge Scheduler user guide, one-time schedules",
                remedy="leave the fraction out",
            )
        return value

    @field_validator("account")
    @classmethod
    def _check_account(cls, value: str | None) -> str | None:
        if value is not None and _ACCOUNT.fullmatch(value) is None:
            raise refusal(
                value,
                rule="an account id has 12 digits",
                source="AWS account management reference guide",
                remedy="write it as a string of 12 digits, or leave it out",
            )
        return value

    @field_validator("region")
    @classmethod
    def _check_region(cls, value: str) -> str:
        if _REGION.fullmatch(value) is None:
            raise refusal(
                value,
                rule="not a region's name",
                source="AWS General Reference, regional endpoints",
                remedy="use a name such as eu-west-1",
            )
        return value

    @field_validator("log_retention_days")
    @classmethod
    def _check_retention(cls, value: int) -> int:
        if value not in LOG_RETENTION_DAYS:
            raise refusal(
                value,
                rule="CloudWatch Logs keeps events for a fixed choice of days",
                source="botocore 1.44.5 logs model, PutRetentionPolicy",
                remedy=f"use one of {', '.join(map(str, LOG_RETENTION_DAYS))}",
            )
        return value

    @field_validator("closed_services")
    @classmethod
    def _check_closed_services(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        closed = [name for name in retired.names() if retired.retired(name).status == "closed"]
        for name in value:
            if name not in closed:
                refuse_closed(name)
                raise refusal(
                    name,
                    rule="the catalog knows no service of that name that closed to new customers",
                    source="penstock/catalog/data/retired.json",
                    remedy=f"use of {', '.join(closed)}",
                )
        return value

    @field_validator("tags")
    @classmethod
    def _check_tags(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        bound = limit("tags.count")
        if not bound.allows(len(value)):
            raise refusal(len(value), rule=bound.rule, source=bound.citation, remedy="use fewer")
        for key, text in value.items():
            fits = 1 <= len(key) <= 128 and len(text) <= 256
            if not fits or key.lower().startswith("aws:") or not _TAG.fullmatch(key + text):
                raise refusal(
                    f"{key}={text}",
                    rule="a tag's key has 1 to 128 and its value up to 256 letters, digits, "
                    "spaces and _.:/=+-@, and the key does not begin with aws:",
                    source=bound.citation,
                    remedy="rename it",
                )
        return value

    @model_validator(mode="after")
    def _check_key(self) -> Environment:
        if self.key_arn is None:
            return self
        found = _KEY.fullmatch(self.key_arn)
        if found is None or found["region"] != self.region:
            raise refusal(
                self.key_arn,
                rule=f"environment.key_arn: must be the ARN of a key in {self.region}, no alias",
                source="AWS KMS developer guide, key identifiers; key ARN",
                remedy=f"use one like arn:aws:kms:{self.region}:111122223333:key/<id>",
            )
        return self

    @model_validator(mode="after")
    def _check_zones(self) -> Environment:
        zones = {} if self.network is None else self.network.subnets
        for subnet, zone in zones.items():
            if not zone.startswith(self.region):
                raise refusal(
                    zone,
                    rule=f"environment.network.subnets.{subnet}: no zone of {self.region}",
                    source="EC2 user guide, availability zones",
                    remedy=f"use one such as {self.region}a",
                )
        return self

    @model_validator(mode="after")
    def _check_buckets(self) -> Environment:
        """Places below a bucket, such as records/, are the same for every pipeline."""
        taken: set[str] = set()
        for pipeline, buckets in self.buckets.items():
            data = {name for name in (buckets.lake, buckets.artifacts) if name is not None}
            shared = data & (taken | {buckets.access_logs})
            if buckets.lake is not None and buckets.lake == buckets.artifacts:
                shared.add(buckets.lake)
            if shared:
                raise refusal(
                    sorted(shared)[0],
                    rule=f"environment.buckets.{pipeline}: holds something else already",
                    source="pipelines.spec.Buckets",
                    remedy="give each pipeline a lake and an artifacts bucket of its own",
                )
            taken |= data
        return self


LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
