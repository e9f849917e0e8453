"""Where a pipeline is deployed to, and how freely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field as Described
from pydantic import field_validator

from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, matching, refusal

_NAME = re.compile(r"[a-z][a-z0-9]{0,7}")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d")
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
    """

    name: EnvironmentName
    account: str | None = None
    region: str
    approval: Literal["automatic", "manual"] = "manual"
    removable: bool = False
    permissions_boundary: Annotated[str, Described(min_length=1, max_length=128)] | None = None
    log_retention_days: int = 90
    tags: Mapping[str, str] = {}

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


LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
