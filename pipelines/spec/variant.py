"""Another production variant of the endpoint: the same model on other machines."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import AfterValidator, field_validator

from pipelines.spec.base import Spec, matching, refusal, within
from pipelines.spec.instances import AUTO, usable_for

FIRST_VARIANT = "main"
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")

VariantName = Annotated[
    str,
    matching(
        f"1 to 63 letters, digits and inner dashes, and not {FIRST_VARIANT!r}, the first one",
        lambda value: (
            len(value) <= 63 and value != FIRST_VARIANT and _NAME.fullmatch(value) is not None
        ),
        "botocore 1.44.5 sagemaker model, VariantName",
    ),
]


class Variant(Spec):
    """Gets `weight` of the requests where the endpoint's first variant gets 1."""

    name: VariantName
    instance_type: Annotated[str, AfterValidator(usable_for("hosting"))]
    instance_count: Annotated[int, within("sagemaker.hosting_instances")] = 1
    weight: float = 1

    @field_validator("instance_type")
    @classmethod
    def _check_type(cls, value: str) -> str:
        if value == AUTO:
            raise refusal(
                value,
                rule="a variant is there to be compared with the first one, on a type of its own",
                source="pipelines.spec.Variant",
                remedy="name a type, such as ml.c5.xlarge",
            )
        return value

    @field_validator("weight")
    @classmethod
    def _check_weight(cls, value: float) -> float:
        if not math.isfinite(value) or value <= 0:
            raise refusal(
                value,
                rule="a variant without a share of the requests costs and answers nothing",
                source="botocore 1.44.5 sagemaker model, InitialVariantWeight",
                remedy="use a number such as 1, the first variant's own, or 0.1",
            )
        return value
