"""The hosting contract over HTTP with the standard library and numpy.

GET /ping, POST /invocations on SAGEMAKER_BIND_TO_PORT (SageMaker developer guide,
your-algorithms-inference-code; sagemaker-inference-toolkit, parameters).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container import trouble
from penstock.localcloud.engines.container.answers import answer_type, encode
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.container.requests import BadRequestError, rows_of

Loaded = TypeVar("Loaded")


class Model(Protocol):
    """What is served: a program that answers rows of `features` numbers."""

    @property
    def features(self) -> int:
        """How many features a row has."""

    def predictions(self, rows: NDArray[np.float64]) -> list[dict[str, Any]]:
        """The answer for each row, as a JSON object."""


class Server(ThreadingHTTPServer):
    """One model behind one port; JSON answers have all predictions under the key `envelope`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, model: Model, envelope: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.model = model
        self.envelope = envelope


class Handler(BaseHTTPRequestHandler):
    """Answers pings and invocations."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: Server

    def do_GET(self) -> None:
        """GET /ping: 200 as soon as the model is loaded."""
        if self.path == "/ping" and trouble.is_unhealthy():
            self._answer(503, "text/plain", b"not healthy, as the fault asks for\n")
        elif self.path == "/ping":
            self._answer(200, "application/json", b"\n")
        else:
            self._answer(404, "text/plain", b"there is GET /ping and POST /invocations\n")

    def do_POST(self) -> None:
        """POST /invocations: predictions for the rows in the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._answer(404, "text/plain", b"there is GET /ping and POST /invocations\n")
            return
        try:
            model = self.server.model
            form = answer_type(self.headers.get("Accept"))
            rows = rows_of(body, self.headers.get("Content-Type", ""), model.features)
            answer = encode(model.predictions(rows), form, self.server.envelope)
            self._answer(200, form, answer)
        except BadRequestError as error:
            print(f"{error.status}: {error}", flush=True)
            self._answer(error.status, "text/plain", str(error).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Successful requests are not worth a line each."""

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def loaded(load: Callable[[Path], Loaded], opt_ml: OptMl) -> Loaded:
    """What `load` makes of the model's directory; exit code 1 when there is none to load."""
    try:
        return load(opt_ml.model)
    except (OSError, ValueError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)


def serve(model: Model, *, envelope: str, what: str) -> None:
    """Serve the model until SIGTERM; `what` it is goes into the log."""
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    server = Server(port, model, envelope)

    def stop(_signal: int, _frame: Any) -> None:
        # shutdown waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"{what} on port {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
