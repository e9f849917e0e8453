"""What CreateTransformJob asks for; what is not carried out here is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.transform.processing import (
    DataProcessing,
    UnsupportedProcessingError,
)

# botocore 1.44.5 sagemaker model: CreateTransformJobRequest, ModelClientConfig
DEFAULT_PAYLOAD_MB = 6
LARGEST_PAYLOAD_MB = 100
DEFAULT_TIMEOUT_SECONDS = 600
DEFAULT_RETRIES = 3


class RefusedRequestError(Exception):
    """CreateTransformJob answers with a ValidationException; the text is its message."""


@dataclass(frozen=True)
class TransformSettings:
    """A request that can be carried out.

    `split` says what a record of an object is: all of it (None), a Line, a RecordIO frame.
    `strategy`, `payload_mb` and `concurrent` are None where the container decides.
    """

    source: S3Address
    output: S3Address
    kms_key: str
    content_type: str
    accept: str
    split: str
    assembles_lines: bool
    strategy: str | None
    payload_mb: int | None
    concurrent: int | None
    timeout_seconds: int
    retries: int
    environment: Mapping[str, str]
    processing: DataProcessing

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> TransformSettings:
        """From the request. RefusedRequestError for what is wrong, or not carried out here."""
        given, output = request["TransformInput"], request["TransformOutput"]
        source = given["DataSource"]["S3DataSource"]
        split = given.get("SplitType") or "None"
        for name, value, known in (
            ("DataSource.S3DataSource.S3DataType", source["S3DataType"], ("S3Prefix",)),
            ("CompressionType", given.get("CompressionType") or "None", ("None",)),
            ("SplitType", split, ("None", "Line", "RecordIO")),
        ):
            if value not in known:
                raise RefusedRequestError(
                    f"TransformInput.{name} {value}: the local cloud carries out "
                    f"{' and '.join(known)} only"
                )
        if request.get("DataCaptureConfig"):
            raise RefusedRequestError("DataCaptureConfig: the local cloud captures endpoints only")
        client = request.get("ModelClientConfig") or {}
        try:
            return cls(
                source=S3Address.parse(str(source["S3Uri"])),
                output=S3Address.parse(str(output["S3OutputPath"])),
                kms_key=str(output.get("KmsKeyId") or ""),
                content_type=str(given.get("ContentType") or ""),
                accept=str(output.get("Accept") or ""),
                split=split,
                assembles_lines=output.get("AssembleWith") == "Line",
                strategy=request.get("BatchStrategy"),
                payload_mb=_payload_mb(request),
                concurrent=int(request.get("MaxConcurrentTransforms") or 0) or None,
                timeout_seconds=int(
                    client.get("InvocationsTimeoutInSeconds") or DEFAULT_TIMEOUT_SECONDS
                ),
                retries=int(client.get("InvocationsMaxRetries", DEFAULT_RETRIES)),
                environment=_environment(request),
                processing=DataProcessing.of(request),
            )
        except (ValueError, UnsupportedProcessingError) as error:
            raise RefusedRequestError(str(error)) from None

    def output_of(self, address: S3Address) -> S3Address:
        """Where the answers for one object go: its name below the source, with `.out`.

        The developer guide's page and the API's model (TransformOutput.S3OutputPath) disagree on
        the folder. An object given as S3Uri is answered in <name>.out right below the output (AWS's
        notebooks on batch transform read it there); that it is the name below a prefix given as
        S3Uri is from experience, unconfirmed.
        """
        folder = self.output.key.rstrip("/")
        name = f"{address.below(self.source)}.out"
        return S3Address(self.output.bucket, f"{folder}/{name}" if folder else name)


def _payload_mb(request: Mapping[str, Any]) -> int | None:
    megabytes = request.get("MaxPayloadInMB")
    if megabytes is None:
        return None
    if megabytes == 0:
        raise RefusedRequestError(
            "MaxPayloadInMB 0: the local cloud does not send chunked requests; give a size"
        )
    concurrent = int(request.get("MaxConcurrentTransforms") or 1)
    if megabytes * concurrent > LARGEST_PAYLOAD_MB:
        raise RefusedRequestError(
            f"MaxPayloadInMB {megabytes} x MaxConcurrentTransforms {concurrent} exceeds "
            f"{LARGEST_PAYLOAD_MB} MB"
        )
    return int(megabytes)


def _environment(request: Mapping[str, Any]) -> dict[str, str]:
    """SageMaker developer guide, your-algorithms-batch-code: the last three only if given."""
    environment = {str(k): str(v) for k, v in (request.get("Environment") or {}).items()}
    environment["SAGEMAKER_BATCH"] = "true"
    strategy = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
    if request.get("BatchStrategy"):
        environment["SAGEMAKER_BATCH_STRATEGY"] = strategy[request["BatchStrategy"]]
    if request.get("MaxPayloadInMB") is not None:
        environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(request["MaxPayloadInMB"])
    if request.get("MaxConcurrentTransforms"):
        environment["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(request["MaxConcurrentTransforms"])
    return environment
