"""Kills a job's program half way through its output, if that fault was chosen."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.workers.glue.program import Program
from penstock.localcloud.workers.glue.settings import RunSettings
from penstock.localcloud.workers.s3 import S3Address

NAME, ARGUMENT = "glue-fails-midway", "--output_uri"
_LOOK_SECONDS = 0.01


class RunTrouble:
    """Watches one run's output from beside it; `s3` may list the bucket."""

    def __init__(self, faults: Faults, settings: RunSettings, s3: Any) -> None:
        self._faults = faults
        self._job_name = settings.job_name
        self._s3 = s3
        self._over = threading.Event()
        self._has_struck = False
        arguments = settings.script_arguments
        given = dict(itertools.pairwise(arguments)).get(ARGUMENT)
        self._files = faults.due(NAME) if given else None
        if self._files is not None:
            self._output = S3Address.parse(str(given))
            # what another run has left there is none of this one's
            self._before = self._written()

    def watch(self, program: Program) -> None:
        """From now on until `ended`; nothing to do where no fault is due."""
        if self._files is not None:
            threading.Thread(target=self._run, args=(program,), daemon=True).start()

    def ended(self, state: str, message: str) -> None:
        """The run's last word, which is what came of it."""
        self._over.set()
        if self._has_struck:
            self._faults.followed(NAME, f"the run of {self._job_name} is {state} ({message})")

    def _run(self, program: Program) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            written = len(self._written() - self._before)
            if self._files is not None and written >= self._files:
                self._has_struck = True
                program.stop()
                self._faults.happened(NAME, f"a Glue job was killed after {written} files")
                return

    def _written(self) -> set[tuple[str, str]]:
        """Keys with the times when they were written."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._output.bucket, Prefix=self._output.key
        )
        return {
            (item["Key"], str(item["LastModified"]))
            for page in pages
            for item in page.get("Contents", [])
        }
