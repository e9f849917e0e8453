"""What an endpoint configuration's DataCaptureConfig asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from penstock.localcloud.workers.s3 import S3Address

CSV, JSON, BASE64 = "CSV", "JSON", "BASE64"


@dataclass(frozen=True)
class CaptureSettings:
    """DataCaptureConfig of CreateEndpointConfig (botocore 1.44.5 sagemaker model).

    `percentage` is 0 to 100; content types are in lower case; `kms_key` is empty where the
    bucket's own encryption holds.
    """

    percentage: int
    destination: S3Address
    kms_key: str
    input: bool
    output: bool
    csv_types: frozenset[str]
    json_types: frozenset[str]

    @classmethod
    def of(cls, config: dict[str, Any]) -> CaptureSettings | None:
        """From DescribeEndpointConfig; None without capture. ValueError for no S3 address.

        EnableCapture "defaults to enabled" (botocore 1.44.5 sagemaker model).
        """
        settings = config.get("DataCaptureConfig")
        if not settings or not settings.get("EnableCapture", True):
            return None
        modes = {str(option["CaptureMode"]) for option in settings["CaptureOptions"]}
        types = settings.get("CaptureContentTypeHeader") or {}
        return cls(
            percentage=int(settings["InitialSamplingPercentage"]),
            destination=S3Address.parse(str(settings["DestinationS3Uri"])),
            kms_key=str(settings.get("KmsKeyId") or ""),
            input=bool(modes & {"Input", "InputAndOutput"}),
            output=bool(modes & {"Output", "InputAndOutput"}),
            csv_types=_lower(types.get("CsvContentTypes")),
            json_types=_lower(types.get("JsonContentTypes")),
        )

    def encoding(self, content_type: str) -> str:
        """CSV, JSON, or BASE64 for a type that is in neither list.

        Without lists everything is base64 (botocore 1.44.5 sagemaker model,
        CaptureContentTypeHeader); that this holds for a type outside of given lists, and that
        parameters such as charset do not count, is unconfirmed.
        """
        kind = content_type.partition(";")[0].strip().lower()
        if kind in self.csv_types:
            return CSV
        return JSON if kind in self.json_types else BASE64


def _lower(types: Any) -> frozenset[str]:
    return frozenset(str(kind).lower() for kind in types or ())
