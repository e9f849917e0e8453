"""Every request to the server is authorized first; who is refused gets the service's own error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from flask import Response, current_app
from flask import request as flask_request
from moto.core.request import Request, determine_request_protocol, normalize_request
from moto.core.utils import convert_to_flask_response, get_service_model
from moto.sts.models import STSBackend

from penstock.localcloud.authorization.authorizer import Authorizer
from penstock.localcloud.authorization.call import NotDerivedError
from penstock.localcloud.authorization.decision import Decision
from penstock.localcloud.authorization.messages import error_code, message
from penstock.localcloud.authorization.principals import AccessKeys, Caller
from penstock.localcloud.authorization.request import Principal
from penstock.localcloud.cloudformation.front import StackFront
from penstock.localcloud.context import CloudContext
from penstock.localcloud.shims.authorization_lookups import MotoLookups
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.request_names import asked, named, service_of, signature, unpack
from penstock.localcloud.shims.s3_delete import REFUSED

_OPEN = "moto_api"  # the application of moto's own pages
_NOBODY = Caller(Principal("user", "anonymous"))
# (request, the application of moto that is about to do it) -> an error, or None to go on
Refusal = Callable[[Request, str], Response | None]


def install(
    patches: Patches, *, authorizer: Authorizer, keys: AccessKeys, account_id: str, region: str
) -> Refusal:
    """Ask `authorizer` before each request, and tell `keys` of each session that STS makes.

    Returns what is asked, for requests that do not come this way. moto checks nothing unless it is
    told to, and then neither resources nor conditions.
    """
    gate = _Gate(authorizer, keys, account_id, region)

    def answer(self: Any, args: Any = None, **more: Any) -> Any:
        request = normalize_request(flask_request)
        refusal = gate.refusal(request, current_app.service)  # type: ignore[attr-defined]
        return stock(self, args, **more) if refusal is None else refusal

    def assume_role(self: Any, **given: Any) -> Any:
        session = stock_assume(self, **given)
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
        stacks=stacks.present,
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

    def refusal(self, request: Request, application: str) -> Response | None:
        """An error response; None when the request may go on to this application of moto."""
        if application == _OPEN:
            return None
        access_key, signed_for = signature(request)
        caller = self._caller(access_key)
        service = service_of(signed_for, request)
        if caller is None:
            return _error(service, request, *_unknown_key(service))
        if service != "s3":  # there the encoding is the object's
            unpack(request)
        try:
            call = named(
                service,
                request,
                application=application,
                account_id=self._account_id,
                region=self._region,
            )
        except NotDerivedError as unnamed:
            if caller.administrator:
                return None  # moto has no such operation either, and says so
            action = f"{service}:{asked(request)}"
            decision = self._authorizer.not_understood(caller, action, str(unnamed))
            return _denied(service, request, decision)
        if (call.service, call.operation) == ("s3", "DeleteObjects"):
            request.environ[REFUSED] = {
                place: message(decision)
                for place, decision in self._authorizer.refusals(caller, call).items()
            }
            return None
        refused = self._authorizer.refusal(caller, call)
        return None if refused is None else _denied(service, request, refused)

    def _caller(self, access_key: str) -> Caller | None:
        if not access_key:
            return _NOBODY
        known = self._keys.caller(access_key)
        if known is not None:
            return known
        # keys of sessions are given out here; any other key stands for the one who deploys
        return None if access_key.startswith("ASIA") else self._administrator


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
    protocol = _protocol(service, request)
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


def _protocol(service: str, request: Request) -> str:
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return "rest-json"
    try:
        return str(determine_request_protocol(model, request.content_type))
    except NotImplementedError:  # a content type that the service does not take
        return str(model.protocol)
