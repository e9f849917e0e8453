"""Every request to the server is authorized first; who is refused gets the service's own error."""

from __future__ import annotations

import gzip
import io
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from flask import Response
from flask import request as flask_request
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol, normalize_request
from moto.core.routing import get_service_router
from moto.core.utils import convert_to_flask_response, get_service_model
from moto.sts.models import STSBackend
from werkzeug.exceptions import NotFound

from penstock.localcloud.authorization.authorizer import Authorizer
from penstock.localcloud.authorization.call import Call
from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.messages import error_code, message
from penstock.localcloud.authorization.principals import AccessKeys, Caller
from penstock.localcloud.authorization.request import Principal
from penstock.localcloud.cloudformation.front import StackFront
from penstock.localcloud.context import CloudContext
from penstock.localcloud.shims.authorization_lookups import MotoLookups
from penstock.localcloud.shims.patches import Patches

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
# moto's own pages, and what anybody may do who has the token that was sent
_OPEN_PATHS = ("/moto-api", "/favicon.ico")
_OPEN_ACTIONS = ("ConfirmSubscription", "Unsubscribe")
_NOBODY = Caller(Principal("user", "anonymous"))


def install(
    patches: Patches, *, authorizer: Authorizer, keys: AccessKeys, account_id: str, region: str
) -> Callable[[Request], Response | None]:
    """Ask `authorizer` before each request, and tell `keys` of each session that STS makes.

    Returns what is asked, for requests that do not come this way: an error, or None to go on. moto
    checks nothing unless it is told to, and then neither resources nor conditions.
    """
    gate = _Gate(authorizer, keys, account_id, region)

    def answer(self: Any, args: Any = None, **named: Any) -> Any:
        request = normalize_request(flask_request)
        refusal = gate.refusal(request)
        return stock(self, args, **named) if refusal is None else refusal

    def assume_role(self: Any, **named: Any) -> Any:
        session = stock_assume(self, **named)
        keys.session(
            session.access_key_id, session.role_arn, session.session_name, session.policy or ""
        )
        return session

    stock = patches.replace(convert_to_flask_response, "__call__", answer)
    stock_assume = patches.replace(STSBackend, "assume_role", assume_role)
    return gate.refusal


def authorizer_of(context: CloudContext, stacks: StackFront) -> Authorizer:
    """Who decides in this cloud, by what moto and the stacks know."""
    lookups = MotoLookups(
        account_id=context.account_id,
        region=context.region,
        stacks=lambda: [(stack.name, stack.stack_id) for stack in stacks.present()],
    )
    return Authorizer(
        lookups=lookups,
        record=context.authorization,
        account_id=context.account_id,
        region=context.region,
    )


class _Gate:
    def __init__(
        self, authorizer: Authorizer, keys: AccessKeys, account_id: str, region: str
    ) -> None:
        self._authorizer = authorizer
        self._keys = keys
        self._account_id = account_id
        self._region = region
        administrator = Principal.user(f"arn:aws:iam::{account_id}:user/deployer")
        self._administrator = Caller(administrator, administrator=True)

    def refusal(self, request: Request) -> Response | None:
        """An error response; None when the request may go on."""
        if request.path.startswith(_OPEN_PATHS):
            return None
        access_key, signed_for = _signature(request)
        if not access_key and request.args.get("Action") in _OPEN_ACTIONS:
            return None
        caller = self._caller(access_key)
        service = _service(signed_for, request)
        if caller is None:
            return _error(service, request, *_unknown_key(service))
        if service != "s3":  # there the encoding is the object's
            _unpack(request)
        call = self._call(service, request)
        if call is None:
            return None  # moto has no such operation either, and says so
        decision = self._authorizer.refusal(caller, call)
        if decision is None:
            return None
        return _denied(service, request, decision)

    def _caller(self, access_key: str) -> Caller | None:
        if not access_key:
            return _NOBODY
        known = self._keys.caller(access_key)
        if known is not None:
            return known
        # keys of sessions are given out here; any other key stands for the one who deploys
        return None if access_key.startswith("ASIA") else self._administrator

    def _call(self, service: str, request: Request) -> Call | None:
        try:
            router = get_service_router(service)
        except Exception:  # noqa: BLE001 (botocore: UnknownServiceError and the like)
            return None
        try:
            operation, uri = router.match(request)
        except (NotFound, NotImplementedError):
            return None
        return Call(
            service=service,
            operation=operation.name,
            headers=request.headers,
            region=self._region,
            account_id=self._account_id,
            parse=_parser(service, operation, uri, request),
        )


def _signature(request: Request) -> tuple[str, str]:
    """The access key and the service that a request was signed with and for."""
    header = request.headers.get("Authorization", "")
    found = _CREDENTIAL.search(header)
    if found is not None:
        return found[1], found[3]
    old = _SIGNATURE_2.match(header)
    if old is not None:
        return old[1], "s3"
    credential = request.args.get("X-Amz-Credential", "").split("/")
    if len(credential) == 5:
        return credential[0], credential[3]
    return request.args.get("AWSAccessKeyId", ""), "s3"


def _service(signed_for: str, request: Request) -> str:
    name = signed_for.lower()
    if name == "sagemaker":
        if request.path.endswith(("/invocations", "/async-invocations")):
            return "sagemaker-runtime"
        if request.path.endswith("BatchPutMetrics"):
            return "sagemaker-metrics"
    if name == "s3" and request.path.startswith("/v20180820/"):
        return "s3control"
    return _SERVICES.get(name, name)


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


def _unpack(request: Request) -> None:
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


def _unknown_key(service: str) -> tuple[str, str]:
    """Source: the services' common errors."""
    if service == "s3":
        return (
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
    form = "The security token included in the request is invalid."
    return "UnrecognizedClientException", form


def _denied(service: str, request: Request, decision: Decision) -> Response:
    return _error(service, request, error_code(service), message(decision))


def _error(service: str, request: Request, code: str, text: str) -> Response:
    """By the service's protocol (Smithy: AWS protocols, "error serialization")."""
    try:
        model = get_service_model(service)
        protocol = determine_request_protocol(model, request.content_type)
    except Exception:  # noqa: BLE001 (a service that botocore does not know)
        protocol = "rest-json"
    request_id = str(uuid.uuid4())
    if protocol == "rest-xml":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        )
        return Response(
            "" if request.method == "HEAD" else body,
            403,
            {"x-amz-request-id": request_id},
            mimetype="application/xml",
        )
    if protocol in ("query", "ec2"):
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{escape(text)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(body, 403, mimetype="text/xml")
    # what is not read would be taken for the connection's next request
    request.get_data()
    headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": request_id}
    body = json.dumps({"__type": code, "message": text, "Message": text})
    status = 400 if protocol == "json" else 403
    return Response(body, status, headers, mimetype="application/json")
