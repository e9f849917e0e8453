"""A run of a pipeline, wherever it happens: what it found, and what it keeps of it."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.cli.keepsakes import keep_folder
from penstock.localcloud.errors import LocalCloudError
from penstock.scenario.aws import StepFailedError
from penstock.scenario.progress import Timeline

# part of the report's monitor -> folder below the run's
_MONITOR_FOLDERS = {"reference_batch": "monitor/reference", "drifted_batch": "monitor/drifted"}
_BASELINE_FOLDER = "monitor/baseline"


class Run(ABC):
    """One run of one pipeline; `findings` is there whatever happened.

    `ledger` is None where nothing stands in for anything. What should outlive the run goes into
    `folder`. `faults` are those to be met, `faults_met` what came of them. `accelerator` is of
    those that the pipeline offers, None its own choice.
    `access` sums up what IAM decided, None where it was not asked here.
    """

    def __init__(
        self,
        pipeline: str,
        environment: str,
        records: list[bytes],
        timeline: Timeline,
        folder: Path,
        faults: Sequence[str] = (),
        accelerator: str | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.environment = environment
        self.records = records
        self.timeline = timeline
        self.folder = folder
        self.findings: dict[str, Any] = {}
        self.ledger: dict[str, Any] | None = None
        self.faults = faults
        self.accelerator = accelerator
        self.faults_met: list[dict[str, Any]] = []
        self.access: dict[str, Any] | None = None

    def go(self) -> tuple[str, str | None, float]:
        """Run; returns ("succeeded", None) or ("failed", why), and how many seconds it took."""
        started = time.monotonic()
        status: tuple[str, str | None] = ("succeeded", None)
        try:
            try:
                self.drive()
            finally:
                self._keep_drawing()
        except (StepFailedError, LocalCloudError, ClientError, BotoCoreError) as error:
            status = ("failed", str(error))
        return *status, time.monotonic() - started

    @abstractmethod
    def drive(self) -> None:
        """Do all of it; StepFailedError and the like say why it failed."""

    def _keep_drawing(self) -> None:
        """Curves are too long for the report: they have a file of their own."""
        drawing = self.findings.get("anomaly_drawing")
        if drawing is not None:
            text = json.dumps(drawing, separators=(",", ":"))
            (self.folder / "anomaly.json").write_text(text + "\n", encoding="utf-8")

    def keep_monitor(self, client: Callable[[str], Any]) -> None:
        """Copy the monitor's documents into the run's folder, and note where they are."""
        monitor = self.findings.get("monitor", {})
        s3 = client("s3")
        for part, name in _MONITOR_FOLDERS.items():
            if part in monitor:
                keep_folder(s3, monitor[part]["report_uri"], self.folder / name)
                monitor[part]["report"] = name
        if "baseline_uri" in monitor:
            keep_folder(s3, monitor["baseline_uri"], self.folder / _BASELINE_FOLDER)
            monitor["baseline"] = _BASELINE_FOLDER
