"""`serve`: the hosting contract over HTTP with the standard library and numpy.

GET /ping, POST /invocations on SAGEMAKER_BIND_TO_PORT (SageMaker developer guide,
your-algorithms-inference-code; sagemaker-inference-toolkit, parameters).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.opt_ml import OptMl
from penstock.localcloud.engines.linear_learner.requests import BadRequestError, rows_of

JSON = "application/json"
JSON_LINES = "application/jsonlines"


class Server(ThreadingHTTPServer):
    """One model behind one port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, model: LinearModel) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.model = model


class Handler(BaseHTTPRequestHandler):
    """Answers pings and invocations."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: Server

    def do_GET(self) -> None:
        """GET /ping: 200 as soon as the model is loaded."""
        if self.path == "/ping":
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
            form = _answer_type(self.headers.get("Accept"))
            rows = rows_of(body, self.headers.get("Content-Type", ""), model.features)
            self._answer(200, form, _encode(model.predictions(rows), form))
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


def _answer_type(accept: str | None) -> str:
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for part in wanted:
        if part in ("", "*/*", "application/*", JSON):
            return JSON
        if part == JSON_LINES:
            return JSON_LINES
    raise BadRequestError(f"accept {accept!r} is not supported; use {JSON} or {JSON_LINES}", 406)


def _encode(predictions: list[dict[str, Any]], form: str) -> bytes:
    if form == JSON_LINES:
        return "".join(json.dumps(prediction) + "\n" for prediction in predictions).encode()
    return json.dumps({"predictions": predictions}).encode()


def main(opt_ml: OptMl) -> None:
    """Load the model and serve it until SIGTERM; exit code 1 when there is none to load."""
    try:
        model = LinearModel.load(opt_ml.model)
    except (OSError, ValueError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)
    server = Server(int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")), model)

    def stop(_signal: int, _frame: Any) -> None:
        # shutdown waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    print(
        f"linear-learner serves a {model.predictor_type} with {model.features} features "
        f"on port {server.server_port}",
        flush=True,
    )
    server.serve_forever(poll_interval=0.05)
    server.server_close()
