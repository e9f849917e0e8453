"""What is begun while the local cloud closes: whoever ends it can wait for its thread."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from penstock.localcloud.workers.hosting.worker import HostingWorker
from penstock.localcloud.workers.job_threads import JobThreads


class Job:
    """A job that is over at once."""

    def run(self) -> None:
        """Nothing to do."""

    def stop(self) -> None:
        """Nothing to stop."""

    def abandon(self) -> None:
        """Nothing to leave."""


def begin_job(jobs: JobThreads) -> None:
    jobs.submit("begun", cast(Any, Job()))


def begin_endpoint(worker: HostingWorker) -> None:
    worker._in_background(lambda: None, "begun")


@pytest.mark.parametrize("kind", ["job", "endpoint"])
def test_who_closes_waits_for_what_is_just_being_begun(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = cast(Any, SimpleNamespace(faults=None))
    worker: Any = JobThreads("training") if kind == "job" else HostingWorker(context)
    problems: list[Exception] = []

    def close() -> None:
        try:
            worker.stop()
        except Exception as error:  # noqa: BLE001 (told to the test)
            problems.append(error)

    stock = threading.Thread.start
    closing = threading.Thread(target=close, name="closing")

    def start(thread: threading.Thread) -> None:
        if thread.name.endswith("begun"):  # the cloud closes at this very moment
            stock(closing)
            closing.join(0.2)
        stock(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    (begin_job if kind == "job" else begin_endpoint)(worker)
    closing.join(10)
    assert not closing.is_alive()
    assert problems == []
