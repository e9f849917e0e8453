"""Runs endpoints: deploys configurations in the background and carries invocations to them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.hosting.capture_account import CaptureAccount
from penstock.localcloud.workers.hosting.endpoint import Endpoint
from penstock.localcloud.workers.hosting.fleet import (
    INVOCATION_SECONDS,
    DeploymentFailedError,
    Fleet,
    Variant,
)
from penstock.localcloud.workers.hosting.invocation import (
    Answer,
    InvocationError,
    ModelError,
    Request,
)
from penstock.localcloud.workers.hosting.model import (
    ContainerFailedError,
    NoAnswerError,
    invoke_in_series,
)
from penstock.localcloud.workers.hosting.trouble import HostingTrouble

log = logging.getLogger(__name__)

# word for word as users get it (aws/amazon-sagemaker-examples issues 2815 and 3089)
_NO_ANSWER = (
    "Amazon SageMaker could not get a response from the {} endpoint. This can occur when CPU or "
    "memory utilization is high. To check your utilization, see Amazon CloudWatch. To fix this "
    "problem, use an instance type with more CPU capacity or memory."
)


class HostingWorker:
    """`invocations` counts answered and failed requests per endpoint name, `captures` records."""

    def __init__(
        self, context: CloudContext, *, invocation_seconds: float = INVOCATION_SECONDS
    ) -> None:
        self._context = context
        self._invocation_seconds = invocation_seconds
        self._trouble = HostingTrouble(context.faults)
        self._lock = threading.Lock()
        self._fleets: dict[str, Fleet] = {}
        # what is being started, so that stop and delete can end it
        self._pending: dict[str, Fleet] = {}
        self._threads: list[threading.Thread] = []
        self._numbers = 0
        self._stopping = False
        self.invocations: Counter[str] = Counter()
        self.captures = CaptureAccount()

    def start(self) -> None:
        """Nothing to do: work begins with the first endpoint."""

    def stop(self) -> None:
        """End all containers."""
        with self._lock:
            self._stopping = True
            fleets = [*self._fleets.values(), *self._pending.values()]
            threads = list(self._threads)
            self._fleets.clear()
        for fleet in fleets:
            fleet.stop(1.0)
        for thread in threads:
            thread.join(timeout=30)

    def deploy(self, endpoint: Endpoint, config_name: str) -> None:
        """CreateEndpoint: start the configuration and return at once."""
        self._start(endpoint, config_name, endpoint.failed)

    def update(self, endpoint: Endpoint, config_name: str) -> None:
        """UpdateEndpoint: start the new configuration; the old one serves until it is there."""
        self._start(endpoint, config_name, endpoint.update_failed)

    def delete(self, name: str) -> None:
        """DeleteEndpoint: nobody can reach it any more; its containers end."""
        with self._lock:
            fleets = [f for f in (self._fleets.pop(name, None), self._pending.pop(name, None)) if f]
        for fleet in fleets:
            self._in_background(fleet.stop, f"end-{name}")

    def invoke(self, endpoint_name: str, request: Request) -> Answer:
        """InvokeEndpoint; raises InvocationError or ModelError."""
        self._context.clock.activity()
        with self._lock:
            fleet = self._fleets.get(endpoint_name)
            if fleet is None:
                raise InvocationError(
                    f"Endpoint {endpoint_name} of account {self._context.account_id} not found."
                )
            fleet.begin_request()  # from now on an update waits for it
        try:
            return self._invoke(fleet, endpoint_name, request)
        finally:
            fleet.end_request()

    def _invoke(self, fleet: Fleet, endpoint_name: str, request: Request) -> Answer:
        variant = fleet.choose(request.target_variant)
        if variant is None:
            raise InvocationError(
                f"Variant {request.target_variant} not found for Endpoint {endpoint_name} of "
                f"account {self._context.account_id}."
                if request.target_variant
                else f"Endpoint {endpoint_name} has no variant with a weight above 0."
            )
        with self._lock:
            self.invocations[endpoint_name] += 1
            requests = self.invocations[endpoint_name]
        self._trouble.strike(variant.containers[0], requests)
        fleet.count(variant)
        came = self._context.clock.now()
        answer = self._ask(endpoint_name, variant, request)
        if variant.capture is not None:
            variant.capture.record(request, answer, came)
        return answer

    def _start(self, endpoint: Endpoint, config_name: str, fail: Callable[[str], None]) -> None:
        with self._lock:
            if self._stopping:
                raise RuntimeError("the local cloud is closing: no endpoint can be deployed")
            self._numbers += 1
            fleet = Fleet(self._context, endpoint.name, config_name, self._numbers, self.captures)
            self._pending[endpoint.name] = fleet
        self._in_background(
            lambda: self._bring_up(endpoint, fleet, fail), f"endpoint-{endpoint.name}"
        )

    def _bring_up(self, endpoint: Endpoint, fleet: Fleet, fail: Callable[[str], None]) -> None:
        with self._context.clock.busy():
            try:
                fleet.start()
            except DeploymentFailedError as error:
                self._give_up(endpoint, fleet, fail, str(error))
                return
            except Exception as error:
                # whatever it was, nobody may wait for this endpoint for ever
                log.exception("endpoint %s", endpoint.name)
                self._give_up(endpoint, fleet, fail, f"{type(error).__name__}: {error}")
                fleet.stop()
                return
            with self._lock:
                wanted = self._pending.get(endpoint.name) is fleet and not self._stopping
                old = self._fleets.get(endpoint.name)
                if wanted:
                    del self._pending[endpoint.name]
                    self._fleets[endpoint.name] = fleet
            if not wanted:  # deleted while it was being started
                fleet.stop()
                return
            endpoint.in_service(fleet.config_name)
            if old is not None:
                old.stop()

    def _give_up(
        self, endpoint: Endpoint, fleet: Fleet, fail: Callable[[str], None], reason: str
    ) -> None:
        with self._lock:
            wanted = self._pending.pop(endpoint.name, None) is fleet
            is_served = endpoint.name in self._fleets
        if wanted:
            self._trouble.deployment_failed(endpoint.name, is_served, reason)
            fail(reason)

    def _ask(self, endpoint_name: str, variant: Variant, request: Request) -> Answer:
        headers = {
            "Content-Type": request.content_type,
            "Accept": request.accept,
            "X-Amzn-SageMaker-Custom-Attributes": request.custom_attributes,
            "X-Amzn-SageMaker-Inference-Id": request.inference_id,
        }
        headers = {name: value for name, value in headers.items() if value}
        try:
            response = invoke_in_series(
                variant.containers, request.body, headers, self._invocation_seconds
            )
        except NoAnswerError as error:
            self._trouble.no_answer()
            log.warning("endpoint %s: %s", endpoint_name, error)
            raise self._model_error(
                variant, error.container, error.status, _NO_ANSWER.format(endpoint_name)
            ) from None
        except ContainerFailedError as error:
            raise self._model_error(
                variant, error.container, error.status, error.original
            ) from None
        return Answer(
            response.body,
            response.headers.get("content-type", ""),
            variant.name,
            response.headers.get("x-amzn-sagemaker-custom-attributes", ""),
        )

    def _model_error(
        self, variant: Variant, container: str, status: int, original: str
    ) -> ModelError:
        region, account = self._context.region, self._context.account_id
        which = "primary" if len(variant.containers) == 1 else container
        kind = "client" if 400 <= status < 500 else "server"
        return ModelError(
            status=status,
            original=original,
            message=(
                f'Received {kind} error ({status}) from {which} with message "{original}". See '
                f"log group {variant.log_group} in account {account} for more information."
            ),
            log_stream_arn=(
                f"arn:aws:logs:{region}:{account}:log-group:{variant.log_group}"
                f":log-stream:{variant.log_stream}"
            ),
        )

    def _in_background(self, work: Callable[[], None], name: str) -> None:
        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.remove(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:  # until it runs: nobody can wait for a thread that was not started
            self._threads.append(thread)
            thread.start()
