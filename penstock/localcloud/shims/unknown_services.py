"""Requests to services that moto does not have: refused by IAM, or told that there is none."""

from __future__ import annotations

import json

from flask import Flask
from moto.core.request import Request
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import HTTP_METHODS, BackendRequest, create_backend_app

from penstock.localcloud.shims.request_names import service_of, signature

_NONE = "none"
_CODE = "UnknownOperationException"


def application(service: str | None) -> Flask:
    """moto's application for one of its services; without a service it would raise AttributeError.

    Args:
        service: moto's name of it; None when moto found none for a request.
    """
    if service is not None:
        app: Flask = create_backend_app(service)
        return app
    app = Flask("penstock", static_folder=None)
    app.service = _NONE  # type: ignore[attr-defined]  # as moto's own have it
    app.request_class = BackendRequest
    view = convert_to_flask_response(_missing)
    for path in ("/", "/<path:_>"):
        app.add_url_rule(path, endpoint=path, view_func=lambda **_: view(), methods=HTTP_METHODS)
    return app


def _missing(request: Request, *_: object) -> tuple[int, dict[str, str], str]:
    service = service_of(signature(request)[1], request)
    text = f"the local cloud has no service {service}: its services are those that moto has"
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": _CODE}
    return 501, headers, json.dumps({"__type": _CODE, "message": text})
