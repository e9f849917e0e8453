"""Invokes deployed functions: warm processes per function, at once or asynchronously."""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import stat
import threading
import zipfile
from collections import defaultdict
from pathlib import Path

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.functions.asynchronous import AsyncInvocations, AsyncPolicy
from penstock.localcloud.workers.functions.environment import (
    ExecutionEnvironment,
    InvocationResult,
)
from penstock.localcloud.workers.functions.misbehaviour import misbehaviour
from penstock.localcloud.workers.functions.settings import FunctionSettings

log = logging.getLogger(__name__)

# Enough for two cores; a fifth invocation of one function waits instead of being throttled.
CONCURRENT_PROCESSES = 4

# What the ledger should say about a function that runs here.
LEDGER_NOTES = (
    "MemorySize is told to the function and reported, but not enforced",
    "runs on this machine's Python with the runtime's boto3, not on CPython of the named runtime",
    f"at most {CONCURRENT_PROCESSES} invocations at a time; more wait and are not throttled",
    "files are this machine's: the task directory is not at /var/task",
)


class FunctionsWorker:
    """All functions of the local cloud. `stop` ends their processes."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._root = context.workdir / "functions"
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[ExecutionEnvironment]] = defaultdict(list)
        self._busy: set[ExecutionEnvironment] = set()
        self._places: dict[str, threading.Semaphore] = {}
        self._stopped = False
        self._asynchronous = AsyncInvocations(
            context, invoke=self.invoke, wanted=lambda: not self._stopped
        )

    def start(self) -> None:
        """Nothing runs until the first invocation."""
        self._root.mkdir(parents=True, exist_ok=True)

    def stop(self) -> None:
        """End every process and remove the unpacked code."""
        with self._lock:
            self._stopped = True
            idle = [one for environments in self._idle.values() for one in environments]
            running = list(self._busy)
            self._idle.clear()
        for environment in idle:
            environment.close()
        for environment in running:
            environment.kill()  # its invocation ends at once and whoever waits for it closes it
        for folder in self._root.rglob("*"):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(stat.S_IRWXU)  # unpacked code is read-only
        shutil.rmtree(self._root, ignore_errors=True)

    def invoke(self, settings: FunctionSettings, event: str) -> InvocationResult:
        """Run the function with `event` (JSON text) and wait for its answer.

        Raises LocalCloudError when this machine has no interpreter for the runtime.
        """
        with self._context.clock.busy(), self._place(settings):
            environment = self._take(settings)
            try:
                return environment.invoke(event, misbehaviour(self._context.faults, event))
            finally:
                self._give_back(environment)

    def invoke_later(self, settings: FunctionSettings, event: str, policy: AsyncPolicy) -> None:
        """Run the function without waiting, again after failures, as the policy says."""
        self._asynchronous.put(settings, event, policy)

    def _place(self, settings: FunctionSettings) -> threading.Semaphore:
        with self._lock:
            return self._places.setdefault(settings.arn, threading.Semaphore(CONCURRENT_PROCESSES))

    def _take(self, settings: FunctionSettings) -> ExecutionEnvironment:
        """A warm process with exactly these settings, or a new one; outdated ones end."""
        with self._lock:
            idle = self._idle.pop(settings.arn, [])
            warm = [one for one in idle if one.settings == settings and one.usable]
            outdated = [one for one in idle if one not in warm]
            found = warm.pop() if warm else None
            self._idle[settings.arn] = warm
        for one in outdated:
            one.close()
        environment = found or ExecutionEnvironment(self._context, settings, self._unpack(settings))
        with self._lock:
            self._busy.add(environment)
        return environment

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.discard(environment)
            keep = environment.usable and not self._stopped
            if keep:
                self._idle[environment.settings.arn].append(environment)
        if not keep:
            environment.close()

    def _unpack(self, settings: FunctionSettings) -> Path:
        """The function's code in a read-only directory of its own, unpacked once per version."""
        digest = hashlib.sha256(settings.code).hexdigest()
        target = self._root / settings.name / digest[:16]
        with self._lock:
            if not target.exists():
                partial = target.with_suffix(".partial")
                partial.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(settings.code)) as archive:
                    archive.extractall(partial)
                partial.rename(target)
                for path in (target, *target.rglob("*")):
                    path.chmod(0o555 if path.is_dir() else 0o444)
        return target
