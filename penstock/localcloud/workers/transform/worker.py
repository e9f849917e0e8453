"""Runs transform jobs: every one in a thread, its containers in processes of their own."""

from __future__ import annotations

import threading
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.transform.job import TransformJob
from penstock.localcloud.workers.transform.run import TransformRun
from penstock.localcloud.workers.transform.settings import TransformSettings


class TransformWorker:
    """Acts in the name of each model's execution role."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._runs: dict[str, TransformRun] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def start(self) -> None:
        """Nothing to do: work begins with the first job."""

    def stop(self) -> None:
        """End all jobs that run."""
        with self._lock:
            self._stopping = True
            runs, threads = list(self._runs.values()), list(self._threads)
        for run in runs:
            run.stop()
        for thread in threads:
            thread.join(timeout=30)

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTransformJob itself refuses."""
        TransformSettings.of(request)

    def submit(self, job: TransformJob) -> None:
        """Begin to run the job and return at once."""
        run = TransformRun(self._context, job)
        thread = threading.Thread(
            target=self._run, args=(job.name, run), name=f"transform-{job.name}", daemon=True
        )
        with self._lock:
            if self._stopping:
                raise RuntimeError("the local cloud is closing: no new transform job can start")
            self._runs[job.name] = run
            self._threads.append(thread)
        thread.start()

    def stop_job(self, name: str) -> None:
        """StopTransformJob for a job that runs."""
        with self._lock:
            run = self._runs.get(name)
        if run is not None:
            run.stop()

    def _run(self, name: str, run: TransformRun) -> None:
        try:
            run.run()
        finally:
            with self._lock:
                self._runs.pop(name, None)
                self._threads.remove(threading.current_thread())
