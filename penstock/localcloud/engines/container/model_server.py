"""The hosting contract over HTTP, whatever answers: GET /ping, POST /invocations, SIGTERM.

On SAGEMAKER_BIND_TO_PORT (SageMaker developer guide, your-algorithms-inference-code;
sagemaker-inference-toolkit, parameters).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from penstock.localcloud.engines.container import trouble

_PLACES = b"there is GET /ping and POST /invocations\n"


@dataclass(frozen=True)
class HttpAnswer:
    """What an invocation is answered with."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class ModelServer(ThreadingHTTPServer):
    """Answers invocations, each in a thread of its connection; what is served is a subclass's."""

    daemon_threads = True
    request_queue_size = 128
    healthy = b"\n"  # how GET /ping is answered

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)

    def invoked(self, body: bytes, headers: Message) -> HttpAnswer:
        """The answer to POST /invocations."""
        raise NotImplementedError

    def serve_until_told(self, what: str) -> None:
        """Serve until SIGTERM; `what` it is goes into the log."""

        def stop(_signal: int, _frame: Any) -> None:
            # shutdown waits for serve_forever, which runs in this very thread
            threading.Thread(target=self.shutdown, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        print(f"{what} on port {self.server_port}", flush=True)
        self.serve_forever(poll_interval=0.05)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers pings and hands invocations to the server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: ModelServer

    def do_GET(self) -> None:
        """GET /ping: 200 as soon as the model is loaded."""
        if self.path == "/ping" and trouble.is_unhealthy():
            self._answer(HttpAnswer(503, "text/plain", b"not healthy, as the fault asks for\n"))
        elif self.path == "/ping":
            self._answer(HttpAnswer(200, "application/json", self.server.healthy))
        else:
            self._answer(HttpAnswer(404, "text/plain", _PLACES))

    def do_POST(self) -> None:
        """POST /invocations."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._answer(HttpAnswer(404, "text/plain", _PLACES))
        else:
            self._answer(self.server.invoked(body, self.headers))

    def log_message(self, format: str, *args: Any) -> None:
        """Successful requests are not worth a line each."""

    def _answer(self, answer: HttpAnswer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()


def port_to_bind() -> int:
    """Where the platform will look for the server."""
    return int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
