"""One transform job from its request to its end: containers, objects, answers."""

from __future__ import annotations

import http.client
import json
import logging
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.registry import UnknownImageError
from penstock.localcloud.workers.hosting.container import (
    STOP_SECONDS,
    ModelContainer,
    StartFailedError,
)
from penstock.localcloud.workers.hosting.fleet import DEFAULT_STARTUP_SECONDS
from penstock.localcloud.workers.hosting.model import (
    ContainerFailedError,
    ModelDefinitionError,
    container_definitions,
    container_of,
    inference_image,
    invoke_in_series,
)
from penstock.localcloud.workers.hosting.model_data import ModelDataError
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.s3 import S3_ATTEMPTS, S3Address
from penstock.localcloud.workers.transform.job import TransformJob
from penstock.localcloud.workers.transform.payloads import (
    TooLargeError,
    batches_of,
    frames_of,
    lines_of,
)
from penstock.localcloud.workers.transform.processing import BadRecordError
from penstock.localcloud.workers.transform.settings import (
    DEFAULT_PAYLOAD_MB,
    TransformSettings,
)
from penstock.recordio import RecordIOError

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TransformJobs"
INSTANCE = "i-local0001"
FAILURE_REASON_CHARACTERS = 1024
_PARAMETERS_SECONDS = 2.0
_CHUNK_BYTES = 1 << 20


class JobFailedError(Exception):
    """The job fails; the text is its FailureReason."""


class StoppedError(Exception):
    """StopTransformJob, or the local cloud closes."""


class TransformRun:
    """Runs in a thread of its own; `stop` may be called from any other."""

    def __init__(self, context: CloudContext, job: TransformJob) -> None:
        self._context = context
        self._job = job
        self._settings = TransformSettings.of(job.request)
        self._directory = context.workdir / "transform" / job.name
        self._stop = threading.Event()
        self._containers: list[ModelContainer] = []
        self._grace_seconds = STOP_SECONDS

    def stop(self) -> None:
        """StopTransformJob: requests under way are finished, no other is sent."""
        self._stop.set()

    def abandon(self) -> None:
        """The local cloud closes: containers get a second to end."""
        self._grace_seconds = 1.0
        self._stop.set()

    def run(self) -> None:
        """Take the job to Completed, Failed or Stopped; never raises for what the job did."""
        with self._context.clock.busy():
            status, reason = self._outcome()
            for container in self._containers:
                container.stop(self._grace_seconds)
            shutil.rmtree(self._directory, ignore_errors=True)
            self._job.finish(status, failure_reason=reason[:FAILURE_REASON_CHARACTERS])

    def _outcome(self) -> tuple[str, str]:
        """The job's last status and its FailureReason."""
        try:
            self._transform()
        except StoppedError:
            return "Stopped", ""
        except (JobFailedError, ModelDataError, ModelDefinitionError, UnknownImageError) as failure:
            return "Failed", str(failure)
        except (ClientError, BotoCoreError, OSError, ValueError) as error:
            return "Failed", f"ClientError: {error}"
        except Exception as error:
            # whatever it was, nobody may wait for this job for ever
            log.exception("transform job %s", self._job.name)
            return "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        return "Completed", ""

    def _transform(self) -> None:
        sagemaker = self._context.clients.deployer("sagemaker")
        model = sagemaker.describe_model(ModelName=self._job.request["ModelName"])
        self._start_containers(sagemaker, model)
        self._job.started()
        clients, role = self._context.clients, str(model["ExecutionRoleArn"])
        data_log = LogStream(
            clients.for_role(role, "logs", by="sagemaker.amazonaws.com", source_arn=self._job.arn),
            self._context.clock,
            group=LOG_GROUP,
            stream=f"{self._job.name}/{INSTANCE}/data-log",
            create_group=True,
        )
        settings = self._with_the_containers_wishes()
        data_log.write(
            f"MaxConcurrentTransforms={settings.concurrent}, MaxPayloadInMB={settings.payload_mb}, "
            f"BatchStrategy={settings.strategy}"
        )
        objects = ObjectTransform(settings, self._containers, self._stop)
        s3 = clients.for_role(
            role, "s3", attempts=S3_ATTEMPTS, by="sagemaker.amazonaws.com", source_arn=self._job.arn
        )
        found = 0
        failures: list[str] = []
        # as on AWS, an object that fails leaves no output, and the others are still processed
        for address in settings.source.objects(s3):
            found += 1
            try:
                objects.transform(address, s3)
            except (ContainerFailedError, BadRecordError, RecordIOError, TooLargeError) as error:
                kind = "AlgorithmError" if _is_servers(error) else "ClientError"
                failures.append(f"{kind}: See job logs for more information ({address}: {error})")
                data_log.write(f"{address}: {failures[-1]}")
            else:
                data_log.write(f"{address}: written to {settings.output_of(address)}")
        if not found:
            raise JobFailedError(f"ClientError: there is no object under {settings.source}")
        if failures:
            raise JobFailedError(failures[0])

    def _start_containers(self, sagemaker: Any, model: dict[str, Any]) -> None:
        definitions = container_definitions(sagemaker, model)
        for number, definition in enumerate(definitions):
            container = container_of(
                self._context,
                model,
                definition,
                number=number,
                directory=self._directory,
                log_group=LOG_GROUP,
                log_stream=f"{self._job.name}/{INSTANCE}",
                environment=self._settings.environment,
            )
            self._containers.append(container)
            try:
                container.start(DEFAULT_STARTUP_SECONDS)
            except StartFailedError as error:
                raise JobFailedError(
                    "AlgorithmError: the container did not pass the ping health check "
                    f"({definition['Image']}: {error})"
                ) from None
            for line in platform_differences(self._job.request):
                self._context.ledger.note(inference_image(str(definition["Image"])), line)

    def _with_the_containers_wishes(self) -> TransformSettings:
        """What the request leaves open, from GET /execution-parameters or the defaults.

        SageMaker developer guide, your-algorithms-batch-code: request, container, default. In a
        pipeline of containers the first is asked (unconfirmed).
        """
        settings = self._settings
        wishes: dict[str, Any] = {}
        try:
            answer = self._containers[0].connections.request(
                "GET", "/execution-parameters", None, {}, _PARAMETERS_SECONDS
            )
        except (OSError, http.client.HTTPException) as error:
            log.info("%s: no execution parameters: %s", self._job.name, error)
        else:
            if answer.status == 200:
                wishes = json.loads(answer.body)
        return replace(
            settings,
            strategy=settings.strategy or wishes.get("BatchStrategy") or "MultiRecord",
            payload_mb=settings.payload_mb
            or int(wishes.get("MaxPayloadInMB") or DEFAULT_PAYLOAD_MB),
            concurrent=settings.concurrent or int(wishes.get("MaxConcurrentTransforms") or 1),
        )


class ObjectTransform:
    """Sends one object after another through the containers; answers keep the records' order."""

    def __init__(
        self,
        settings: TransformSettings,
        containers: list[ModelContainer],
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._containers = containers
        self._stop = stop
        kinds = {"Content-Type": settings.content_type, "Accept": settings.accept}
        self._headers = {name: value for name, value in kinds.items() if value}

    def transform(self, address: S3Address, s3: Any) -> None:
        """Write the object's answers to its output.

        Raises ContainerFailedError, BadRecordError, RecordIOError, TooLargeError, StoppedError,
        ClientError; then nothing is written.
        """
        settings = self._settings
        target = settings.output_of(address)
        extra = {"ContentType": settings.accept or "application/octet-stream"}
        if settings.kms_key:
            extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key}
        body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
        with body, tempfile.TemporaryFile() as file:
            for answer in self._in_order(self._batches(body)):
                file.write(answer)
                if settings.assembles_lines and not answer.endswith(b"\n"):
                    file.write(b"\n")
            file.seek(0)
            s3.upload_fileobj(file, target.bucket, target.key, ExtraArgs=extra)

    def _batches(self, body: Any) -> Iterator[list[bytes]]:
        settings = self._settings
        limit_bytes = (settings.payload_mb or DEFAULT_PAYLOAD_MB) << 20
        if settings.split == "None":
            # all in one request; never more than a byte over the limit is read
            return batches_of([body.read(limit_bytes + 1)], limit_bytes=limit_bytes, one_each=True)
        recordio = settings.split == "RecordIO"
        return batches_of(
            frames_of(body) if recordio else lines_of(body.iter_chunks(_CHUNK_BYTES)),
            limit_bytes=limit_bytes,
            one_each=settings.strategy == "SingleRecord",
        )

    def _in_order(self, batches: Iterator[list[bytes]]) -> Iterator[bytes]:
        """Answers in the order of the batches, with so many requests under way."""
        width = self._settings.concurrent or 1
        waiting: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(width, thread_name_prefix="transform") as pool:
            try:
                for batch in batches:
                    waiting.append(pool.submit(self._ask, batch))
                    if len(waiting) > width:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _ask(self, batch: list[bytes]) -> bytes:
        settings = self._settings
        between = b"" if settings.split == "RecordIO" else b"\n"
        body = between.join(settings.processing.request(batch))
        answer = self._tried(lambda: self._invoke(body))
        return settings.processing.answers(batch, answer)

    def _invoke(self, body: bytes) -> bytes:
        return invoke_in_series(
            self._containers, body, self._headers, self._settings.timeout_seconds
        ).body

    def _tried(self, invoke: Callable[[], bytes]) -> bytes:
        """InvocationsMaxRetries; that a client's error is not tried again is unconfirmed."""
        for left in range(self._settings.retries, -1, -1):
            if self._stop.is_set():
                raise StoppedError
            try:
                return invoke()
            except ContainerFailedError as error:
                if not left or not _is_servers(error):
                    raise
        raise AssertionError("the last try returns or raises")


def platform_differences(request: dict[str, Any]) -> list[str]:
    """Settings of a request that change nothing here, one line each."""
    lines = []
    resources = request["TransformResources"]
    if int(resources.get("InstanceCount") or 1) > 1:
        lines.append(
            f"transform jobs: one process stands for {resources['InstanceCount']} instances"
        )
    if request.get("ExperimentConfig"):
        lines.append("transform jobs: ExperimentConfig is kept, there are no experiments here")
    return lines


def _is_servers(error: Exception) -> bool:
    return isinstance(error, ContainerFailedError) and not 400 <= error.status < 500
