"""S3 refuses requests for objects, when a fault says so. Install it after the shim of S3."""

from __future__ import annotations

import uuid
from typing import Any

from moto.s3.responses import S3Response

from penstock.localcloud.clients import DEPLOYER_KEY
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims.access_key import access_key
from penstock.localcloud.shims.patches import Patches

# status, code and text: S3 API reference, "Error responses", list of error codes
_REFUSALS = {
    "s3-slow-down": (503, "SlowDown", "Please reduce your request rate."),
    "s3-internal-error": (
        500,
        "InternalError",
        "We encountered an internal error. Please try again.",
    ),
}
_METHODS = frozenset({"GET", "PUT"})


def install(patches: Patches, *, faults: Faults) -> None:
    """Refuse what jobs, functions and services ask of S3; the deployer's requests go through."""
    chosen = [name for name in _REFUSALS if faults.value(name) is not None]
    if not chosen:
        return

    def respond(self: Any, request: Any, full_url: str) -> Any:
        if request.method not in _METHODS or access_key(request.headers) == DEPLOYER_KEY:
            return stock(self, request, full_url)
        thing = ("s3", request.method, full_url.split("?")[0])
        for name in chosen:
            if faults.due(name) is not None:
                status, code, text = _REFUSALS[name]
                faults.happened(name, f"{request.method} answered {status} {code}", to=[thing])
                return status, {"content-type": "application/xml"}, _body(code, text)
        answer = stock(self, request, full_url)
        faults.came_of([thing], f"{request.method} answered when it came again")
        return answer

    stock = patches.replace(S3Response, "_key_response", respond)


def _body(code: str, text: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{text}</Message>"
        f"<RequestId>{uuid.uuid4().hex}</RequestId></Error>"
    ).encode()
