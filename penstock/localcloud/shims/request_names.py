"""What an HTTP request asks for: whose key signed it, of which service, which operation."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from penstock.localcloud.authorization.call import Call, NotDerivedError

_CREDENTIAL = re.compile(
    r"(?:Credential=|Credential%3D)([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request"
)
_SIGNATURE_2 = re.compile(r"AWS ([^:]+):")
# name in the credential's scope -> botocore's name of the service
_SERVICES = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
# botocore's name of the service -> the application of moto that does what is asked of it
_APPLICATIONS = {
    "application-autoscaling": "applicationautoscaling",
    "lambda": "awslambda",
    "sagemaker-metrics": "sagemakermetrics",
    "sagemaker-runtime": "sagemakerruntime",
}


def signature(request: Request) -> tuple[str, str]:
    """The access key and the service that a request was signed with and for.

    What is signed in the query or not at all is S3's: moto takes it there.
    """
    header = request.headers.get("Authorization", "")
    found = _CREDENTIAL.search(header)
    if found is not None:
        return found[1], found[3]
    old = _SIGNATURE_2.match(header)
    if old is not None:
        return old[1], "s3"
    credential = request.args.get("X-Amz-Credential", "").split("/")
    if len(credential) == 5:
        return credential[0], "s3"
    return request.args.get("AWSAccessKeyId", ""), "s3"


def service_of(signed_for: str, request: Request) -> str:
    """botocore's name of the service."""
    name = signed_for.lower()
    if name == "sagemaker":
        if request.path.endswith(("/invocations", "/async-invocations")):
            return "sagemaker-runtime"
        if request.path.endswith("BatchPutMetrics"):
            return "sagemaker-metrics"
    if name == "s3" and request.path.startswith("/v20180820/"):
        return "s3control"
    return _SERVICES.get(name, name)


def named(
    service: str, request: Request, *, application: str, account_id: str, region: str
) -> Call:
    """The operation that a request asks for, which `application` of moto is about to do.

    Raises NotDerivedError, which says what could not be named.
    """
    try:
        router = get_service_router(service)
    except UnknownServiceError:
        raise NotDerivedError(f"the SDK knows no service {service}") from None
    if _APPLICATIONS.get(service, service) != application:
        raise NotDerivedError(f"what is asked of {service} would be done by {application}")
    try:
        operation, uri = router.match(request)
    except (NotFound, NotImplementedError):
        raise NotDerivedError(f"{asked(request)} names no operation of {service}") from None
    action = request.args.get("Action", operation.name)
    if action != operation.name:  # moto would do that one
        raise NotDerivedError(f"the query says Action={action}, the request {operation.name}")
    return Call(
        service=service,
        operation=operation.name,
        headers=request.headers,
        region=region,
        account_id=account_id,
        parse=_parser(service, operation, uri, request),
    )


def asked(request: Request) -> str:
    """What a request says that it wants, in the first form that it has."""
    target = request.headers.get("X-Amz-Target")
    if target:
        return f"X-Amz-Target {target}"
    action = request.values.get("Action")
    return f"Action {action}" if action else f"{request.method} {request.path}"


def _parser(
    service: str, operation: Any, uri: Mapping[str, Any], request: Request
) -> Callable[[], Mapping[str, Any]]:
    def parse() -> Mapping[str, Any]:
        if service == "s3" and operation.name != "DeleteObjects":
            return _s3_parameters(uri, request)
        model = get_service_model(service)
        protocol = determine_request_protocol(model, request.content_type)
        if protocol == "json":
            # by the names of the model already; the records in it need not be decoded
            return dict(json.loads(request.get_data() or b"{}"))
        if _blob_payload(operation):
            return {**uri, **request.args}
        given = {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(parse_form_data=True),
            "url_path": request.path,
            "url_params": uri,
        }
        return dict(PROTOCOL_PARSERS[protocol](operation).parse(given))

    return parse


def _blob_payload(operation: Any) -> bool:
    """Whether the body is data of the caller's (Invoke, InvokeEndpoint)."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return bool(payload) and shape.members[payload].type_name == "blob"


def unpack(request: Request) -> None:
    """Large requests come compressed; moto would decompress them, but later."""
    if request.content_encoding == "gzip":
        body = gzip.decompress(request.environ["wsgi.input"].read(request.content_length))
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.environ["CONTENT_LENGTH"] = str(len(body))
        del request.environ["HTTP_CONTENT_ENCODING"]


def _s3_parameters(uri: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """Without the object's content."""
    parameters = dict(uri)
    for name, query in _S3_QUERY.items():
        if query in request.args:
            parameters[name] = request.args[query]
    return parameters


_S3_QUERY = {
    "Delimiter": "delimiter",
    "MaxKeys": "max-keys",
    "Prefix": "prefix",
    "UploadId": "uploadId",
    "VersionId": "versionId",
}
