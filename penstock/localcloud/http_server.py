"""The HTTP server in front of moto: connections stay open from request to request.

Werkzeug's own server closes each one: every API call would pay for a connection and a thread.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
)
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wsgi import LimitedStream

from penstock.localcloud.shims import unknown_services

log = logging.getLogger(__name__)

_DRAINED_BYTES = 1 << 16
# RFC 9110, section 6.4.1: these have no content, whatever their headers say
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class HttpServer(ThreadedWSGIServer):
    """Serves moto on a free loopback port, in a thread for each connection."""

    def __init__(self) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        app = DomainDispatcherApplication(unknown_services.application)
        super().__init__("127.0.0.1", 0, app, _Connection)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True, name="http-server")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more: clients that wait for their next request find the connection closed."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    log.debug("a client was faster: its connection is closed already")

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection."""
        connection, client = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, client

    def shutdown_request(self, request: Any) -> None:
        """The end of a connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)


class _Connection(MotoRequestHandler):  # type: ignore[misc]  # moto has no types there
    """One client's requests, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and a small body leave together

    def run_wsgi(self) -> None:
        """Answer one request, and read all of it, so that the next one begins where it should."""
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):  # then it ends by itself: chunked
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = LimitedStream(self.rfile, length)
        status, headers, body = self._answer(environ)
        while environ["wsgi.input"].read(_DRAINED_BYTES):
            continue
        self._send(status, headers, body)

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body."""
        told: bool = super().handle_expect_100()
        self.wfile.flush()
        return told

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads a line for each request."""

    def _answer(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        began: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            began.append((status, headers))

        parts: Iterable[bytes] = ()
        try:
            parts = self.server.app(environ, start_response)
            body = b"".join(parts)
            return *began[-1], body
        except Exception:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["REQUEST_URI"])
            return "500 Internal Server Error", [("Content-Type", "text/plain")], b""
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        empty = self.command == "HEAD" or int(code) in _WITHOUT_CONTENT
        if not empty and "content-length" not in {name.lower() for name, _ in headers}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not empty:
            self.wfile.write(body)
        self.wfile.flush()
