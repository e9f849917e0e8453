"""The model server's workers: processes with a model each, a request at a time."""

from __future__ import annotations

import multiprocessing
import os
import queue
import subprocess
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("serve_worker.py")
QUEUE_REQUESTS = 100  # multi-model-server, ConfigManager.java, job_queue_size
_STOP_SECONDS = 5.0


class LoadError(Exception):
    """The model cannot be loaded; one line that says why."""


class WorkerDiedError(Exception):
    """A worker ended in the middle of a request; another one takes its place."""


class BusyError(Exception):
    """As many requests as the queue holds are waiting already."""


class Worker:
    """One process and the connection to it."""

    def __init__(self, python: Path, model: Path) -> None:
        """Start it; `await_model` says when it answers."""
        self._connection, other = multiprocessing.Pipe()
        assert isinstance(other, Connection)
        with other:
            self._process = subprocess.Popen(
                [str(python), str(PROGRAM), str(other.fileno()), str(model)],
                pass_fds=(other.fileno(),),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},  # there is no hub
            )

    def await_model(self) -> None:
        """Until the model is loaded; LoadError."""
        try:
            trouble = self._connection.recv()
        except EOFError:
            raise LoadError(f"the worker ended with exit code {self._process.wait()}") from None
        if trouble:
            raise LoadError(trouble.splitlines()[0])

    def ask(self, body: bytes, headers: dict[str, str]) -> Any:
        """What the worker says; WorkerDiedError."""
        try:
            self._connection.send((body, headers))
            return self._connection.recv()
        except (EOFError, OSError):
            raise WorkerDiedError("Worker died.") from None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not enough."""
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Workers:
    """`count` workers, each request to one that is free; thread safe."""

    def __init__(self, python: Path, model: Path, count: int) -> None:
        """Start all of them and wait until each has loaded the model; LoadError."""
        self._python, self._model = python, model
        self._waiting = threading.BoundedSemaphore(QUEUE_REQUESTS + count)
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        started = [Worker(python, model) for _ in range(count)]
        try:
            for worker in started:
                worker.await_model()
        except LoadError:
            for worker in started:
                worker.stop()
            raise
        for worker in started:
            self._free.put(worker)

    def ask(self, body: bytes, headers: dict[str, str]) -> Any:
        """What a worker says; BusyError, WorkerDiedError."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError
        try:
            worker = self._free.get()
            try:
                return worker.ask(body, headers)
            except WorkerDiedError:
                worker.stop()
                worker = Worker(self._python, self._model)
                worker.await_model()
                raise
            finally:
                self._free.put(worker)
        finally:
            self._waiting.release()

    def stop(self) -> None:
        """End those that are free; the others end with the connection to this process."""
        while True:
            try:
                self._free.get_nowait().stop()
            except queue.Empty:
                return


def count_asked_for() -> int:
    """SAGEMAKER_MODEL_SERVER_WORKERS, 1 where nobody asks: the container has one a processor."""
    asked = os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or "1"
    if not asked.isdecimal() or asked == "0":
        raise LoadError(f"SAGEMAKER_MODEL_SERVER_WORKERS is {asked!r}: give a number from 1")
    return int(asked)
