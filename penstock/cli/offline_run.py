"""`penstock run`: the pipeline's own templates, deployed into the local cloud and driven."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.given import make_given
from penstock.cli.keepsakes import keep_logs, keep_object
from penstock.cli.run import Run
from penstock.cli.synth import synthesize
from penstock.cli.workplace import workplace
from penstock.localcloud.isolation import isolated
from penstock.scenario.aws import Aws, Stage
from penstock.scenario.run import Scenario

if TYPE_CHECKING:
    from penstock.localcloud.context import CloudContext

_POLL_SECONDS = 0.2  # everything is on this machine: looking often costs little
_PATIENCE_SECONDS = 300.0  # a training says nothing while it loads its libraries
DECISIONS_FILE = "decisions.jsonl"


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """What the local cloud itself has to say goes into a file, which is made when it says it.

    Most of it is moto's view of failures that the run tells in its own words.
    """
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


class OfflineRun(Run):
    """Synth, deploy, drive. The logs and the model are kept, since the cloud is gone afterwards."""

    def drive(self) -> None:
        """All of it, in a cloud of its own."""
        self.ledger = {"live": 0, "api_only": 0, "substituted": [], "entries": []}
        with (
            logged_to(self.folder / "local-cloud.log"),
            isolated(),
            workplace() as workdir,
        ):
            self._drive(workdir)

    def _drive(self, workdir: Path) -> None:
        assembly = workdir / "cdk.out"
        with self.timeline.step("synth"), ThreadPoolExecutor(max_workers=1) as importing:
            # moto takes seconds to import: they pass while the app synthesizes in its process
            cloud_module = importing.submit(importlib.import_module, "penstock.localcloud.cloud")
            synthesize(
                out=assembly,
                pipeline=self.pipeline,
                environment=self.environment,
                validate=False,
                accelerator=self.accelerator,
            )
            cloud_module.result()
        from penstock.localcloud.cloud import LocalCloud

        with LocalCloud.for_assembly(
            assembly, workdir=workdir / "cloud", faults=self.faults
        ) as cloud:
            try:
                with self.timeline.step("deploy"):
                    make_given(cloud.context, pipeline=self.pipeline, environment=self.environment)
                    cloud.deploy(
                        assembly,
                        on_progress=lambda stack, status: self.timeline.say(
                            "deploy", f"{stack} {status}"
                        ),
                    )
                aws = Aws(
                    client=cloud.context.clients.deployer,
                    poll_seconds=_POLL_SECONDS,
                    patience_seconds=_PATIENCE_SECONDS,
                )
                stage = Stage.read(aws, pipeline=self.pipeline, environment=self.environment)
                # each fault may cost a training
                scenario = Scenario(aws, stage, self.timeline, attempts=1 + len(self.faults))
                self.findings = scenario.findings
                scenario.run(self.records)
            finally:
                self.ledger = cloud.context.ledger.report()
                self.faults_met = cloud.context.faults.entries()
                self.access = cloud.context.authorization.summary()
                cloud.context.authorization.write(self.folder / DECISIONS_FILE)
                self._keep(cloud.context)

    def _keep(self, context: CloudContext) -> None:
        client = context.clients.deployer
        keep_logs(client("logs"), self.folder / "logs")
        self.keep_monitor(client)
        artifact = self.findings.get("model", {}).get("artifact")
        if artifact:
            path = self.folder / "model.tar.gz"
            keep_object(client("s3"), artifact, path)
            self.findings["model"]["copy"] = str(path)
