"""`penstock run`: the pipeline's own templates, deployed into the local cloud and driven."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.cli.keepsakes import keep_logs, keep_object
from penstock.cli.synth import synthesize
from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.isolation import isolated
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Timeline
from penstock.scenario.run import Scenario

ENVIRONMENT = "dev"
_POLL_SECONDS = 0.2  # everything is on this machine: looking often costs little
_PATIENCE_SECONDS = 120.0


class Run:
    """One offline run of one pipeline; `findings` and `ledger` are there whatever happened.

    The logs and the model go into `folder`, since the cloud is gone afterwards.
    """

    def __init__(
        self, pipeline: str, records: list[bytes], timeline: Timeline, folder: Path
    ) -> None:
        self._pipeline = pipeline
        self._records = records
        self._timeline = timeline
        self._folder = folder
        self.findings: dict[str, Any] = {}
        self.ledger: dict[str, Any] = {"live": 0, "api_only": 0, "substituted": [], "entries": []}

    def go(self) -> tuple[str, str | None]:
        """Synth, deploy, drive; returns ("succeeded", None) or ("failed", why)."""
        try:
            with isolated(), tempfile.TemporaryDirectory(prefix="penstock-") as workdir:
                self._go(Path(workdir))
        except (StepFailedError, LocalCloudError, ClientError, BotoCoreError) as error:
            return "failed", str(error)
        return "succeeded", None

    def _go(self, workdir: Path) -> None:
        assembly = workdir / "cdk.out"
        with self._timeline.step("synth"), ThreadPoolExecutor(max_workers=1) as importing:
            # moto takes seconds to import: they pass while the app synthesizes in its process
            cloud_module = importing.submit(importlib.import_module, "penstock.localcloud.cloud")
            synthesize(
                out=assembly, pipeline=self._pipeline, environment=ENVIRONMENT, validate=False
            )
            cloud_module.result()
        from penstock.localcloud.cloud import LocalCloud

        with LocalCloud.for_assembly(assembly, workdir=workdir / "cloud") as cloud:
            try:
                with self._timeline.step("deploy"):
                    cloud.deploy(
                        assembly,
                        on_progress=lambda stack, status: self._timeline.say(
                            "deploy", f"{stack} {status}"
                        ),
                    )
                aws = Aws(
                    client=cloud.context.clients.deployer,
                    poll_seconds=_POLL_SECONDS,
                    patience_seconds=_PATIENCE_SECONDS,
                )
                stage = Stage.read(aws, pipeline=self._pipeline, environment=ENVIRONMENT)
                scenario = Scenario(aws, stage, self._timeline)
                self.findings = scenario.findings
                scenario.run(self._records)
            finally:
                self.ledger = cloud.context.ledger.report()
                self._keep(cloud.context.clients.deployer)

    def _keep(self, client: Callable[[str], Any]) -> None:
        keep_logs(client("logs"), self._folder / "logs")
        artifact = self.findings.get("model", {}).get("artifact")
        if artifact:
            path = self._folder / "model.tar.gz"
            keep_object(client("s3"), artifact, path)
            self.findings["model"]["copy"] = str(path)


def timed(run: Run) -> tuple[str, str | None, float]:
    """`go` and how many seconds it took."""
    started = time.monotonic()
    status, reason = run.go()
    return status, reason, time.monotonic() - started
