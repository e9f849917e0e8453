"""Which requests and answers of the endpoint are kept, for a monitor or another reader."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator, model_validator

from pipelines.spec.base import Spec, refusal

_MODEL = "botocore 1.44.5 sagemaker model"
_CONTENT_TYPE = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*/[a-zA-Z0-9](-*[a-zA-Z0-9.])*")
_TYPES = 10
_TYPE_LENGTH = 256


class Capture(Spec):
    """Data capture: JSON lines below `capture/` of the lake bucket, with the pipeline's key.

    `percentage` of the requests is captured. Bodies of the listed content types are kept as
    text, all others in base64. The feature's page carries the notice that Model Monitor is
    closed to new customers, so a pipeline captures only if it says so.
    """

    percentage: int
    modes: tuple[Literal["Input", "Output"], ...] = ("Input", "Output")
    csv_content_types: tuple[str, ...] = ("text/csv",)
    json_content_types: tuple[str, ...] = ("application/json",)

    @field_validator("percentage")
    @classmethod
    def _check_percentage(cls, value: int) -> int:
        if not 1 <= value <= 100:
            raise refusal(
                value,
                rule="a sample is 1 to 100 percent of the requests"
                + ("; 0 would capture nothing" if value == 0 else ""),
                source=f"{_MODEL}, SamplingPercentage",
                remedy="leave capture out" if value == 0 else "use 1 to 100",
            )
        return value

    @field_validator("modes")
    @classmethod
    def _check_modes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) < len(value):
            raise refusal(
                value,
                rule="each side is named once, and one at least",
                source=f"{_MODEL}, CaptureOptions",
                remedy="use ('Input',), ('Output',) or ('Input', 'Output')",
            )
        return value

    @field_validator("csv_content_types", "json_content_types")
    @classmethod
    def _check_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > _TYPES:
            raise refusal(
                value,
                rule=f"a list holds {_TYPES} content types at most",
                source=f"{_MODEL}, CaptureContentTypeHeader",
                remedy="leave some out; their bodies are captured in base64",
            )
        for content_type in value:
            if len(content_type) > _TYPE_LENGTH or not _CONTENT_TYPE.fullmatch(content_type):
                raise refusal(
                    content_type,
                    rule=f"must be a content type of {_TYPE_LENGTH} characters at most, "
                    "without parameters or wildcards",
                    source=f"{_MODEL}, CsvContentType and JsonContentType",
                    remedy="use one such as 'text/csv'",
                )
        return value

    @model_validator(mode="after")
    def _check_lists(self) -> Capture:
        for content_type in self.csv_content_types:
            if content_type in self.json_content_types:
                raise refusal(
                    content_type,
                    rule="a body is captured as CSV or as JSON, not as both",
                    source="pipelines.spec.Capture",
                    remedy="take it out of csv_content_types or json_content_types",
                )
        return self
