"""Keeps an endpoint's container up: one that ends by itself is started again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from penstock.localcloud.workers.hosting.container import ModelContainer, StartFailedError

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0


class Keeper:
    """Watches one container from now on, until `stop`.

    An unhealthy instance is replaced (SageMaker developer guide, your-algorithms-inference-code),
    with the endpoint InService all the while. That it is the same container that begins anew, how
    soon, and what is done when it fails again are unconfirmed: here at once, then every second.
    """

    def __init__(
        self, container: ModelContainer, timeout_seconds: float, again: Callable[[], None]
    ) -> None:
        self._container = container
        self._timeout_seconds = timeout_seconds
        self._again = again
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """From now on the container may end; called before it is ended."""
        self._stop.set()

    def _run(self) -> None:
        while True:
            self._container.await_end()
            if self._stop.is_set():
                return
            log.warning("container %s has ended by itself: it starts again", self._container.name)
            try:
                self._container.start(self._timeout_seconds)
            except StartFailedError as error:
                log.warning("container %s: %s", self._container.name, error)
                self._stop.wait(_PAUSE_SECONDS)
            else:
                self._again()
