"""Carries out Glue job runs: script and libraries from S3, real Spark, logs, state, timeout."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.runtimes import GlueRuntime, glue_runtime
from penstock.localcloud.shims.glue import JobRun, moto_time
from penstock.localcloud.workers.glue import spark
from penstock.localcloud.workers.glue.job_log import JobLog
from penstock.localcloud.workers.glue.modules import WheelFolders
from penstock.localcloud.workers.glue.monitor_trouble import MonitorTrouble
from penstock.localcloud.workers.glue.program import Program
from penstock.localcloud.workers.glue.settings import RunSettings, run_settings
from penstock.localcloud.workers.glue.trouble import RunTrouble
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.s3 import S3_ATTEMPTS

log = logging.getLogger(__name__)

_MESSAGES = {
    "SUCCEEDED": "Job run succeeded",
    "STOPPED": "Job run stopped",
    "TIMEOUT": "Job run timed out",
}


Trouble = RunTrouble | MonitorTrouble


class GlueWorker:
    """Runs every job with its own role, in a private folder that is removed afterwards.

    What differs from Glue: two local threads instead of workers, S3A instead of EMRFS, and there
    is no awsglue module (Glue's own library is on no public index), so a script that imports it
    fails with that line. Output of the script goes to the log group <prefix>/output, Spark's own
    to <prefix>/error (Glue developer guide, logging in Glue 5.0), stream = run id.

    `minute_seconds` is what a minute of a job's Timeout lasts in real time.
    """

    def __init__(self, context: CloudContext, *, minute_seconds: float = 60.0) -> None:
        self._context = context
        self._minute_seconds = minute_seconds
        self._wheel_folders = WheelFolders(context.workdir / "glue-modules")
        self._lock = threading.Lock()
        self._programs: dict[str, Program] = {}
        self._threads: list[threading.Thread] = []
        self._runs: list[JobRun] = []

    def start(self) -> None:
        """Nothing runs before the first StartJobRun."""

    def stop(self) -> None:
        """End every run that is still going."""
        with self._lock:
            runs, threads = list(self._runs), list(self._threads)
        for run in runs:
            if not run.ended:
                self.stop_run(run)
        for thread in threads:
            thread.join(timeout=30)

    def start_run(self, job_name: str, run: JobRun) -> None:
        """StartJobRun was called: carry the run out on a thread of its own."""
        run.started_on = moto_time(self._context.clock.now())
        thread = threading.Thread(
            target=self._carry_out, args=(job_name, run), name=f"glue {job_name}", daemon=True
        )
        with self._lock:
            self._runs.append(run)
            self._threads.append(thread)
            thread.start()  # under the lock: nobody can wait for a thread that was not started

    def stop_run(self, run: JobRun) -> None:
        """BatchStopJobRun was called."""
        with self._lock:
            if run.ended:
                return
            run.state = "STOPPING"
            program = self._programs.get(run.job_run_id)
        if program is not None:
            program.stop()

    def _carry_out(self, job_name: str, run: JobRun) -> None:
        began = time.monotonic()
        folder = self._context.workdir / "glue" / run.job_run_id[:20]
        state, message = "FAILED", "the local cloud failed to carry out this run: see its own log"
        with self._context.clock.busy():
            try:
                settings = self._settings(job_name, run)
                run.log_group = settings.log_group_prefix
                state, message = self._run(settings, run, folder)
            except (LocalCloudError, ClientError, BotoCoreError) as error:
                message = str(error)
                log.warning("Glue job %s failed before its script ran: %s", job_name, message)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                run.execution_seconds = time.monotonic() - began
                self._end(job_name, run, state, message)

    def _end(self, job_name: str, run: JobRun, state: str, message: str) -> None:
        now = moto_time(self._context.clock.now())
        with self._lock:
            run.completed_on = run.modified_on = now
            run.error_message = "" if state == "SUCCEEDED" else message
            run.state = state  # last: whoever sees it may read the rest
        self._context.events.emit(
            source="aws.glue",
            detail_type="Glue Job State Change",
            detail={
                "jobName": job_name,
                "severity": "INFO" if state == "SUCCEEDED" else "ERROR",
                "state": state,
                "jobRunId": run.job_run_id,
                "message": _MESSAGES.get(state, message),
            },
            resources=[],
        )

    def _settings(self, job_name: str, run: JobRun) -> RunSettings:
        clients = self._context.clients
        job = dict(clients.deployer("glue").get_job(JobName=job_name)["Job"])
        if not job["Role"].startswith("arn:"):
            job["Role"] = clients.deployer("iam").get_role(RoleName=job["Role"])["Role"]["Arn"]
        return run_settings(job, run.job_run_id, run.arguments or {}, run.timeout)

    def _run(self, settings: RunSettings, run: JobRun, folder: Path) -> tuple[str, str]:
        clients = self._context.clients
        troubles = (
            RunTrouble(self._context.faults, settings, clients.deployer("s3")),
            MonitorTrouble(self._context.faults, settings),
        )
        state, message = self._carried_out(settings, run, folder, troubles)
        for trouble in troubles:
            trouble.ended(state, message)
        return state, message

    def _carried_out(
        self, settings: RunSettings, run: JobRun, folder: Path, troubles: Sequence[Trouble]
    ) -> tuple[str, str]:
        runtime = glue_runtime(settings.glue_version)
        home = folder / "home"
        home.mkdir(parents=True, mode=0o700)
        self._write_aws_config(home)
        script = self._download(settings, settings.script_uri, folder / "script")
        python_path = [
            *self._python_path(settings, folder / "py"),
            *self._modules(settings, runtime, folder / "wheels"),
        ]
        jars = [self._download(settings, uri, folder / "jars") for uri in settings.jars]
        for uri in settings.files:
            self._download(settings, uri, home)
        spark_log = spark.configure(
            folder / "conf",
            runtime=runtime,
            endpoint_url=self._context.clients.endpoint_url,
            jars=jars,
            conf=settings.spark_conf,
            temporary=home,
        )
        environment = {
            **spark.environment(
                runtime=runtime,
                conf_folder=spark_log.parent,
                home=home,
                python_path=python_path,
            ),
            **self._context.clients.environment(
                settings.role_arn, by="glue.amazonaws.com", source_arn=self._arn(settings)
            ),
        }
        output, errors = self._log(settings, "output"), self._log(settings, "error")
        if settings.without_effect:
            text = ", ".join(settings.without_effect)
            errors.write([f"local cloud: without effect here: {text}"])
        with self._lock:
            if run.state == "STOPPING":
                return "STOPPED", "the run was stopped before its script began"
            program = Program(
                [runtime.python, script, *settings.script_arguments],
                folder=home,
                environment=environment,
                sink=output.write,
            )
            self._programs[settings.run_id] = program
            run.state = "RUNNING"
        for trouble in troubles:
            trouble.watch(program)
        status = program.wait(settings.timeout_minutes * self._minute_seconds)
        with self._lock:
            del self._programs[settings.run_id]
            stopped = run.state == "STOPPING"
        if spark_log.exists():
            errors.write(spark_log.read_text(errors="replace").splitlines())
        if status == 0:
            return "SUCCEEDED", ""
        if stopped:
            return "STOPPED", "the run was stopped"
        if status is None:
            message = f"Job run timed out after {settings.timeout_minutes} minutes"
            errors.write([message])
            return "TIMEOUT", message
        message = program.error_line()
        errors.write([message])
        return "FAILED", message

    def _python_path(self, settings: RunSettings, folder: Path) -> list[Path]:
        """Zips and wheels stand on the path themselves, single modules through their folder."""
        found = [self._download(settings, uri, folder) for uri in settings.py_files]
        archives = [path for path in found if path.suffix in (".zip", ".whl", ".egg")]
        return [*archives, folder] if found else []

    def _modules(self, settings: RunSettings, runtime: GlueRuntime, folder: Path) -> list[Path]:
        """The folders of the job's wheels; they go before the runtime's own modules."""
        found = []
        for uri in settings.wheels:
            wheel = self._download(settings, uri, folder)
            try:
                found.append(self._wheel_folders.folder_of(wheel, runtime.python))
            except LocalCloudError as error:
                raise LocalCloudError(f"Glue job {settings.job_name}: {uri}: {error}") from error
        return found

    def _arn(self, settings: RunSettings) -> str:
        place = f"{self._context.region}:{self._context.account_id}"
        return f"arn:aws:glue:{place}:job/{settings.job_name}"

    def _download(self, settings: RunSettings, uri: str, folder: Path) -> Path:
        """One object, read as the job's role. LocalCloudError says which one cannot be read."""
        scheme, _, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme not in ("s3", "s3a") or not key:
            raise LocalCloudError(f"Glue job {settings.job_name}: {uri!r} is no S3 address")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / Path(key).name
        s3 = self._context.clients.for_role(
            settings.role_arn,
            "s3",
            attempts=S3_ATTEMPTS,
            by="glue.amazonaws.com",
            source_arn=self._arn(settings),
        )
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            raise LocalCloudError(
                f"Glue job {settings.job_name} cannot read {uri} as {settings.role_arn}: {error}"
            ) from error
        with body, target.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)
        return target

    def _log(self, settings: RunSettings, kind: str) -> JobLog:
        return JobLog(
            LogStream(
                self._context.clients.for_role(
                    settings.role_arn,
                    "logs",
                    by="glue.amazonaws.com",
                    source_arn=self._arn(settings),
                ),
                self._context.clock,
                group=f"{settings.log_group_prefix}/{kind}",
                stream=settings.log_stream,
                create_group=True,
            )
        )

    @staticmethod
    def _write_aws_config(home: Path) -> None:
        """Buckets by path: the local endpoint has no name for each bucket."""
        folder = home / ".aws"
        folder.mkdir()
        (folder / "config").write_text("[default]\ns3 =\n    addressing_style = path\n")
