"""`serve`: a user's program behind the hosting contract, as in Hugging Face's containers.

Statuses and error documents are those of awslabs/multi-model-server@706aa9c (NettyUtils.java,
WorkerThread.java, InferenceRequestHandler.java). Its pings are answered with 200 while models load
and after one could not be loaded; here nothing is healthy before every worker has its model, and
the program ends if there is none, so that an endpoint fails with the reason.
"""

from __future__ import annotations

import json
import os
import sys
from email.message import Message

from penstock.localcloud.engines.container.model_server import (
    HttpAnswer,
    ModelServer,
    port_to_bind,
)
from penstock.localcloud.engines.container.opt_ml import OptMl
from penstock.localcloud.engines.script_mode.serve_workers import (
    BusyError,
    LoadError,
    WorkerDiedError,
    Workers,
    count_asked_for,
)
from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.runtimes import torch_python

DEFAULT_REQUEST_BYTES = 6_553_500  # ConfigManager.java, max_request_size


class Server(ModelServer):
    """The workers behind one port."""

    healthy = json.dumps({"status": "Healthy"}, indent=2).encode()

    def __init__(self, port: int, workers: Workers, request_bytes: int) -> None:
        super().__init__(port)
        self._workers = workers
        self._request_bytes = request_bytes

    def invoked(self, body: bytes, headers: Message) -> HttpAnswer:
        """What the user's program answers."""
        if len(body) > self._request_bytes:
            return _error(
                413,
                "TooLongFrameException",
                f"the request has {len(body)} bytes, the model server takes {self._request_bytes}: "
                "send less, or set SAGEMAKER_MAX_PAYLOAD_IN_MB in the model's environment",
            )
        try:
            answer = self._workers.ask(body, dict(headers.items()))
        except BusyError:
            return _error(
                503,
                "ServiceUnavailableException",
                "No worker is available to serve request for model: model. Consider increasing "
                "job queue size.",
            )
        except (WorkerDiedError, LoadError) as error:
            return _error(500, "InternalServerException", str(error))
        if isinstance(answer, str):
            return _error(400, "InternalServerException", answer)
        status, content, own = answer
        kind = own.pop("content-type")
        return HttpAnswer(status, kind, content, own)


def main(opt_ml: OptMl) -> None:
    """Load the model in every worker and serve until SIGTERM; exit code 1 if that fails."""
    if (opt_ml.model / "code" / "requirements.txt").exists():
        print("code/requirements.txt: nothing is installed in the local cloud", flush=True)
    try:
        if "HF_MODEL_ID" in os.environ:
            raise LoadError(
                "HF_MODEL_ID: there is no model hub here; give the model's ModelDataUrl"
            )
        count = count_asked_for()
        workers = Workers(torch_python(), opt_ml.model, count)
    except (LoadError, LocalCloudError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)
    asked_bytes = int(os.environ.get("SAGEMAKER_MAX_PAYLOAD_IN_MB") or 0) << 20
    server = Server(port_to_bind(), workers, asked_bytes or DEFAULT_REQUEST_BYTES)
    try:
        server.serve_until_told(f"workers with the model loaded: {count};")
    finally:
        workers.stop()


def _error(status: int, kind: str, message: str) -> HttpAnswer:
    print(f"{status}: {message}", flush=True)
    document = json.dumps({"code": status, "type": kind, "message": message}, indent=2)
    return HttpAnswer(status, "application/json", document.encode() + b"\n")
