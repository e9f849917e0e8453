"""Who called what: every request that reaches the local cloud's API, by the role behind its key."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sts.models import sts_backends

DEPLOYER = "deployer"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")


class Callers:
    """Calls such as "kinesis GetRecords", "s3 PUT records/" or "lambda POST invocations"."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._calls: dict[str, set[str]] = defaultdict(set)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Look at every request of moto's server from now on."""
        stock = DomainDispatcherApplication.__call__

        def call(app: Any, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
            if found:
                self._calls[found[1]].add(f"{found[2]} {_operation(found[2], environ)}")
            answer: Iterable[bytes] = stock(app, environ, start)
            return answer

        patch.setattr(DomainDispatcherApplication, "__call__", call)

    def by_role(self) -> dict[str, set[str]]:
        """Calls by the name of the role that was assumed; the rest are the deployer's."""
        roles = {
            session.access_key_id: session.role_arn.rsplit("/", 1)[1]
            for backend in sts_backends[self._account_id].values()
            for session in backend.assumed_roles
        }
        calls: dict[str, set[str]] = defaultdict(set)
        for key, made in self._calls.items():
            calls[roles.get(key, DEPLOYER)] |= made
        return dict(calls)


def _operation(service: str, environ: dict[str, Any]) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target.rsplit(".", 1)[1])
    if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        return parse_qs(body.decode())["Action"][0]
    method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"]).strip("/")
    if service != "s3":
        return f"{method} {path.rsplit('/', 1)[-1]}"
    folder, _, rest = path.partition("/")[2].partition("/")
    return f"{method} {folder}/" if rest else f"{method} {'object' if folder else 'bucket'}"
