"""An endpoint without machines of its own: paid for by the request, asleep between them."""

from __future__ import annotations

from typing import Annotated

from pydantic import field_validator

from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, refusal, within

# what it is, and what it has not
SERVERLESS_SOURCE = (
    "botocore 1.44.5 sagemaker model, ProductionVariant.ServerlessConfig; "
    "awsdocs/amazon-sagemaker-developer-guide@1597e69 doc_source/serverless-endpoints.md, "
    "feature exclusions"
)
_STEP_MB = 1024


class Serverless(Spec):
    """Up to `max_concurrency` requests at once, each with `memory_mb` and a share of CPU to match.

    The first request after a pause waits for a container. An endpoint with instances cannot be
    changed into one without: it is deleted first.
    """

    memory_mb: Annotated[int, within("sagemaker.serverless_memory_mb")]
    max_concurrency: Annotated[int, within("sagemaker.serverless_concurrency")]

    @field_validator("memory_mb")
    @classmethod
    def _check_steps(cls, value: int) -> int:
        if value % _STEP_MB:
            bound = limit("sagemaker.serverless_memory_mb")
            raise refusal(
                value,
                rule=f"memory comes in steps of {_STEP_MB} MB",
                source=bound.citation,
                remedy=f"use {value // _STEP_MB * _STEP_MB} or {-(-value // _STEP_MB) * _STEP_MB}",
            )
        return value
