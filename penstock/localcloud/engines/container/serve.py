"""The hosting contract of a model that answers rows of numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container.answers import answer_type, encode
from penstock.localcloud.engines.container.model_server import (
    HttpAnswer,
    ModelServer,
    port_to_bind,
)
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


class Server(ModelServer):
    """One model behind one port; JSON answers have all predictions under the key `envelope`."""

    def __init__(self, port: int, model: Model, envelope: str) -> None:
        super().__init__(port)
        self.model = model
        self.envelope = envelope

    def invoked(self, body: bytes, headers: Message) -> HttpAnswer:
        """Predictions for the rows in the body."""
        try:
            form = answer_type(headers.get("Accept"))
            rows = rows_of(body, headers.get("Content-Type", ""), self.model.features)
            return HttpAnswer(200, form, encode(self.model.predictions(rows), form, self.envelope))
        except BadRequestError as error:
            print(f"{error.status}: {error}", flush=True)
            return HttpAnswer(error.status, "text/plain", str(error).encode())


def loaded(load: Callable[[Path], Loaded], opt_ml: OptMl) -> Loaded:
    """What `load` makes of the model's directory; exit code 1 when there is none to load."""
    try:
        return load(opt_ml.model)
    except (OSError, ValueError) as error:
        print(f"the model cannot be loaded: {error}", flush=True)
        sys.exit(1)


def serve(model: Model, *, envelope: str, what: str) -> None:
    """Serve the model until SIGTERM; `what` it is goes into the log."""
    Server(port_to_bind(), model, envelope).serve_until_told(what)
