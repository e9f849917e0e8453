"""Jobs of one kind, each in a thread of its own, until they end or somebody stops them."""

from __future__ import annotations

import threading
from typing import Protocol


class Run(Protocol):
    """One job from its request to its end; `stop` and `abandon` come from other threads."""

    def run(self) -> None:
        """Take the job to its end."""

    def stop(self) -> None:
        """Somebody asks the job to stop."""

    def abandon(self) -> None:
        """The local cloud closes: stop soon."""


class JobThreads:
    """`kind` is how a job is called in messages, such as "training"."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def submit(self, name: str, run: Run) -> None:
        """Begin to run the job and return at once. RuntimeError while the cloud closes."""
        thread = threading.Thread(
            target=self._run, args=(name, run), name=f"{self._kind}-{name}", daemon=True
        )
        with self._lock:
            if self._stopping:
                raise RuntimeError(f"the local cloud is closing: no new {self._kind} job can start")
            self._runs[name] = run
            self._threads.append(thread)
            thread.start()  # under the lock: nobody can wait for a thread that was not started

    def stop_job(self, name: str) -> None:
        """Stop a job if it runs."""
        with self._lock:
            run = self._runs.get(name)
        if run is not None:
            run.stop()

    def stop(self) -> None:
        """End all jobs that run, and wait for them."""
        with self._lock:
            self._stopping = True
            runs, threads = list(self._runs.values()), list(self._threads)
        for run in runs:
            run.abandon()
        for thread in threads:
            thread.join(timeout=30)

    def _run(self, name: str, run: Run) -> None:
        try:
            run.run()
        finally:
            with self._lock:
                self._runs.pop(name, None)
                self._threads.remove(threading.current_thread())
