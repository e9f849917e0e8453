"""The moto server inside this process: started on a free loopback port, emptied when stopped."""

from __future__ import annotations

import logging
import os
import sys

import moto.backends
from moto.core.config import default_user_config
from moto.moto_api._internal.models import moto_api_backend

from penstock.localcloud.http_server import HttpServer
from penstock.localcloud.shims.patches import Patches

# It calls each path an error that an input lacks, also where IsPresent asks for it, and each
# failure of a state: the executions' histories hold what happened.
_STATES_LOG = "moto.stepfunctions.parser.asl.component.eval_component"
# A request goes through some ten threads' hands: each would wait for 5 ms (Python's own value)
# while another thread computes.
_SWITCH_SECONDS = 0.0005


class MotoServer:
    """moto's HTTP server with state machines that execute and functions without Docker.

    moto keeps its state per process, so one local cloud at a time can be open in a process.
    """

    _open = False

    def __init__(self, *, account_id: str) -> None:
        self._account_id = account_id
        self._server = HttpServer()
        self._account_before: str | None = None
        self._switch_before = 0.0
        self._patches = Patches()
        self.endpoint_url = ""

    def start(self) -> None:
        """Serve; RuntimeError when this process has an open local cloud already."""
        if MotoServer._open:
            raise RuntimeError("this process has an open local cloud: close that one first")
        MotoServer._open = True
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        logging.getLogger(_STATES_LOG).setLevel(logging.CRITICAL)
        self._switch_before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        # moto would look through its folders on the disk for each request
        modules = frozenset(moto.backends.list_of_moto_modules())
        self._patches.replace(moto.backends, "list_of_moto_modules", lambda: modules)
        default_user_config["stepfunctions"]["execute_state_machine"] = True
        default_user_config["lambda"]["use_docker"] = False
        self._account_before = os.environ.get("MOTO_ACCOUNT_ID")
        os.environ["MOTO_ACCOUNT_ID"] = self._account_id
        self._server.start()
        self.endpoint_url = self._server.url

    def stop(self) -> None:
        """Stop serving and forget everything that was created."""
        self._server.stop()
        moto_api_backend.reset()
        self._patches.undo()
        sys.setswitchinterval(self._switch_before)
        if self._account_before is None:
            os.environ.pop("MOTO_ACCOUNT_ID", None)
        else:
            os.environ["MOTO_ACCOUNT_ID"] = self._account_before
        MotoServer._open = False
