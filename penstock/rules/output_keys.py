"""OutputKeys: whatever writes results, captures or reports names the KMS key for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.rules.requests import Kind, Request, requests
from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Resource, Templates

# what says where to, and the key in it
OUTPUTS: dict[Kind, tuple[tuple[str, str], ...]] = {
    "training": (("OutputDataConfig", "KmsKeyId"),),
    "automl": (("OutputDataConfig", "KmsKeyId"),),
    "processing": (("ProcessingOutputConfig", "KmsKeyId"),),
    "transform": (("TransformOutput", "KmsKeyId"), ("DataCaptureConfig", "KmsKeyId")),
    "endpoint configuration": (
        ("DataCaptureConfig", "KmsKeyId"),
        ("AsyncInferenceConfig.OutputConfig", "KmsKeyId"),
    ),
    "monitoring": (
        ("MonitoringOutputConfig", "KmsKeyId"),
        ("DataQualityJobOutputConfig", "KmsKeyId"),
        ("ModelQualityJobOutputConfig", "KmsKeyId"),
        ("ModelBiasJobOutputConfig", "KmsKeyId"),
        ("ModelExplainabilityJobOutputConfig", "KmsKeyId"),
    ),
}
_REMEDY = "name the key of the pipeline"


def _check(templates: Templates) -> Iterator[Breach]:
    for request in requests(templates, *OUTPUTS):
        yield from _of_request(request)
    for stream in templates.resources("AWS::KinesisFirehose::DeliveryStream"):
        yield from _of_stream(stream, stream.properties, "Properties")
    for job in templates.resources("AWS::Glue::Job"):
        if not job.properties.get("SecurityConfiguration"):
            what = "the job has no security configuration, which would name its output's key"
            yield Breach(job, "Properties.SecurityConfiguration", what, _REMEDY + " in one")
    for encryption in templates.resources("AWS::Glue::SecurityConfiguration"):
        path = "EncryptionConfiguration"
        outputs = encryption.properties.get(path, {}).get("S3Encryptions") or [{}]
        if not all(output.get("KmsKeyArn") for output in outputs):
            what = "the output of jobs has no key"
            yield Breach(encryption, f"Properties.{path}.S3Encryptions", what, _REMEDY)


def _of_request(request: Request) -> Iterator[Breach]:
    for place, key in OUTPUTS[request.kind]:
        if request.setting(place) and not request.setting(f"{place}.{key}"):
            what = f"the {request.kind} request names no key there"
            yield request.breach(f"{place}.{key}", what, _REMEDY)


def _of_stream(stream: Resource, values: Mapping[str, Any], path: str) -> Iterator[Breach]:
    """Destinations in S3, and what other destinations leave there."""
    for name, value in values.items():
        if not isinstance(value, dict):
            continue
        if "BucketARN" in value:
            encryption = value.get("EncryptionConfiguration", {})
            if not encryption.get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN"):
                place = f"{path}.{name}.EncryptionConfiguration"
                yield Breach(stream, place, "what is delivered has no key", _REMEDY)
        yield from _of_stream(stream, value, f"{path}.{name}")


RULE = Rule(
    name="OutputKeys",
    reason="without a key results fall under S3's own, which no policy of the account can withhold",
    source="SageMaker developer guide, protecting data at rest using encryption",
    check=_check,
)
