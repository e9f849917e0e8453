"""InvokeEndpoint: carried to the endpoint's containers instead of a fixed answer."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Response
from moto.core.request import Request as MotoRequest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from werkzeug.datastructures import EnvironHeaders

from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.hosting import Answer, InvocationError, ModelError, Request

_INVOCATION = re.compile("/endpoints/([^/]+)/invocations")
_APPLICATION = "sagemakerruntime"
Refusal = Callable[[MotoRequest, str], Response | None]
Invoke = Callable[[str, Request], Answer]


def install(patches: Patches, *, invoke: Invoke, refusal: Refusal = lambda *_: None) -> None:
    """Answer InvokeEndpoint with what `invoke(endpoint name, request)` gives.

    The request is taken at the server's door: the way through Flask and moto's dispatching costs
    more than all of the rest. `refusal` is asked there, as it is for every other request.
    """

    def at_the_door(
        self: Any, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        name = _endpoint_name(environ)
        if name is None:
            answer: Iterable[bytes] = stock(self, environ, start_response)
            return answer
        body = _body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        refused = refusal(MotoRequest(environ), _APPLICATION)
        if refused is not None:
            return refused(environ, start_response)
        status, headers, body = _answer(name, EnvironHeaders(environ), body, invoke)
        headers["Content-Length"] = str(len(body))
        headers["x-amzn-RequestId"] = str(uuid.uuid4())
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [body]

    stock = patches.replace(DomainDispatcherApplication, "__call__", at_the_door)


def _endpoint_name(environ: WSGIEnvironment) -> str | None:
    """The endpoint that is invoked; None for any other request."""
    found = _INVOCATION.fullmatch(environ["PATH_INFO"])
    signed_for = environ.get("HTTP_AUTHORIZATION", "")
    if found is None or environ["REQUEST_METHOD"] != "POST" or "/sagemaker/" not in signed_for:
        return None
    return found[1]


def _body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):  # chunked: its length is not known before its end
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))


def _answer(
    name: str, headers: EnvironHeaders, body: bytes, invoke: Invoke
) -> tuple[int, dict[str, str], bytes]:
    def header(field: str) -> str:
        return str(headers.get(field) or "")

    request = Request(
        body=body,
        content_type=header("Content-Type"),
        accept=header("Accept"),
        custom_attributes=header("X-Amzn-SageMaker-Custom-Attributes"),
        target_variant=header("X-Amzn-SageMaker-Target-Variant"),
        inference_id=header("X-Amzn-SageMaker-Inference-Id"),
    )
    try:
        answer = invoke(name, request)
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
    answered = {
        "Content-Type": answer.content_type,
        "x-Amzn-Invoked-Production-Variant": answer.variant,
    }
    if answer.custom_attributes:
        answered["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
    return 200, answered, answer.body


def _error(code: str, status: int, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    headers = {"x-amzn-ErrorType": code, "Content-Type": "application/json"}
    return status, headers, json.dumps(body).encode()
