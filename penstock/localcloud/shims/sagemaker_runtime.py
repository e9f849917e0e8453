"""InvokeEndpoint: carried to the endpoint's containers instead of a fixed answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.hosting import Answer, InvocationError, ModelError, Request

Invoke = Callable[[str, Request], Answer]


def install(patches: Patches, *, invoke: Invoke) -> None:
    """Answer InvokeEndpoint with what `invoke(endpoint name, request)` gives."""

    def invoke_endpoint(self: Any) -> TYPE_RESPONSE:
        def header(name: str) -> str:
            return str(self.headers.get(name) or "")

        request = Request(
            body=self.raw_body,
            content_type=header("Content-Type"),
            accept=header("Accept"),
            custom_attributes=header("X-Amzn-SageMaker-Custom-Attributes"),
            target_variant=header("X-Amzn-SageMaker-Target-Variant"),
            inference_id=header("X-Amzn-SageMaker-Inference-Id"),
        )
        try:
            answer = invoke(self.path.split("/")[2], request)
        except InvocationError as error:
            return _error("ValidationError", 400, {"Message": str(error)})
        except ModelError as error:
            return _error(
                "ModelError",
                424,
                {
                    "Message": str(error),
                    "OriginalStatusCode": error.status,
                    "OriginalMessage": error.original,
                    "LogStreamArn": error.log_stream_arn,
                },
            )
        headers = {
            "Content-Type": answer.content_type,
            "x-Amzn-Invoked-Production-Variant": answer.variant,
        }
        if answer.custom_attributes:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
        return 200, headers, answer.body

    patches.replace(SageMakerRuntimeResponse, "invoke_endpoint", invoke_endpoint)
    # a body of any bytes, not text alone
    patches.replace(SageMakerRuntimeResponse, "use_raw_body", True)


def _error(code: str, status: int, body: dict[str, Any]) -> TYPE_RESPONSE:
    headers = {"status": status, "x-amzn-ErrorType": code, "Content-Type": "application/json"}
    return status, headers, json.dumps(body)
