"""A moto server with a Glue worker, for tests of jobs."""

import io
import json
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import penstock
from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.context import CloudContext
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims import glue as glue_shim
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.glue import GlueWorker

ROOT = Path(penstock.__file__).parent.parent
ACCOUNT = "123456789012"
MINUTE_SECONDS = 2.0


class Events:
    def __init__(self) -> None:
        self.emitted: list[dict[str, Any]] = []

    def emit(self, **event: Any) -> None:
        self.emitted.append(event)


class GlueLab:
    """A moto server with a Glue worker, a bucket and a role."""

    def __init__(self, folder: Path, faults: Sequence[str] = ()) -> None:
        self.server = MotoServer(account_id=ACCOUNT)
        self.server.start()
        self.patches = Patches()
        self.clock = SkippingClock()
        clients = ClientFactory(endpoint_url=self.server.endpoint_url, region="us-east-1")
        self.events = Events()
        self.faults = Faults.chosen(faults)
        self.worker = GlueWorker(
            CloudContext(
                clients,
                self.clock,
                Ledger(),
                self.events,
                folder,
                ACCOUNT,
                "us-east-1",
                faults=self.faults,
            ),
            minute_seconds=MINUTE_SECONDS,
        )
        glue_shim.install(self.patches, start=self.worker.start_run, stop=self.worker.stop_run)
        self.folder = folder
        self.glue, self.s3, self.logs = map(clients.deployer, ("glue", "s3", "logs"))
        self.cloudwatch = clients.deployer("cloudwatch")
        trust = {"Version": "2012-10-17", "Statement": []}
        self.role = clients.deployer("iam").create_role(
            RoleName="prepare", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        self.s3.create_bucket(Bucket="lake")

    def close(self) -> None:
        self.worker.stop()
        self.clock.close()
        self.patches.undo()
        self.server.stop()

    def put(self, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket="lake", Key=key, Body=body)
        return f"s3://lake/{key}"

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return body

    def create_job(self, name: str, script: str, **settings: Any) -> None:
        command = {"Name": "glueetl", "ScriptLocation": script, "PythonVersion": "3"}
        self.glue.create_job(
            **{"Name": name, "Role": self.role, "Command": command, "GlueVersion": "5.1"} | settings
        )

    def script_job(self, name: str, source: str, **settings: Any) -> None:
        self.create_job(name, self.put(f"scripts/{name}.py", source.encode()), **settings)

    def start(self, name: str, **request: Any) -> str:
        run_id: str = self.glue.start_job_run(JobName=name, **request)["JobRunId"]
        return run_id

    def run(self, name: str, **request: Any) -> dict[str, Any]:
        return self.ended(name, self.start(name, **request))

    def shown(self, name: str, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        return run

    def ended(self, name: str, run_id: str, seconds: float = 240) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.shown(name, run_id)
            if run["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING"):
                return run
            time.sleep(0.05)
        raise AssertionError(f"{name} did not end: {run}")

    def log(self, run_id: str, kind: str, group: str = "/aws-glue/jobs") -> list[str]:
        events = self.logs.get_log_events(
            logGroupName=f"{group}/{kind}", logStreamName=run_id, startFromHead=True
        )["events"]
        return [event["message"] for event in events]


def library(*rooms: str, modules: Sequence[str] = ()) -> bytes:
    """The zip that --extra-py-files names: these rooms and modules, nothing else of ours."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(ROOT / "penstock/__init__.py", "penstock/__init__.py")
        for room in rooms:
            for path in (ROOT / "penstock" / room).rglob("*.py"):
                archive.write(path, path.relative_to(ROOT))
        for module in modules:
            archive.write(ROOT / module, module)
        for folder in {parent for module in modules for parent in Path(module).parents[:-1]}:
            archive.writestr(f"{folder}/__init__.py", "")
    return file.getvalue()
