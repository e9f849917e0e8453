"""The local cloud: one moto server, its shims, the workers, and the deployment of assemblies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from penstock.localcloud.assembly import read_assembly
from penstock.localcloud.authorization.principals import AccessKeys
from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import RealClock, SkippingClock
from penstock.localcloud.context import CloudContext
from penstock.localcloud.deploy import deploy
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.isolation import isolated
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.roundtrip.record import write_down
from penstock.localcloud.roundtrip.stacks import read_back
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims import (
    authorization,
    budgets,
    cloudformation,
    cloudwatch,
    dynamodb,
    event_sources,
    events,
    firehose,
    functions,
    glue,
    kinesis,
    kinesis_faults,
    kinesis_metrics,
    kms,
    logs,
    s3,
    s3_bodies,
    s3_delete,
    s3_faults,
    sagemaker,
    sagemaker_runtime,
    scheduler,
    sns,
    sqs,
    ssm,
    stepfunctions,
    tags,
)
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.alarms import AlarmsWorker
from penstock.localcloud.workers.event_sources import EventSourcesWorker
from penstock.localcloud.workers.events import EventsWorker
from penstock.localcloud.workers.firehose import DeliveryWorker
from penstock.localcloud.workers.functions import FunctionsWorker
from penstock.localcloud.workers.glue import GlueWorker
from penstock.localcloud.workers.hosting import HostingWorker
from penstock.localcloud.workers.schedules import SchedulesWorker
from penstock.localcloud.workers.training import TrainingWorker
from penstock.localcloud.workers.transform import TransformWorker

# Where an assembly that is bound to no account and region is deployed (moto's own defaults).
ANY_ACCOUNT = "123456789012"
ANY_REGION = "us-east-1"


class Worker(Protocol):
    """Gives life to one kind of resource."""

    def start(self) -> None:
        """Begin; must return at once."""

    def stop(self) -> None:
        """End threads and child processes."""


class LocalCloud:
    """A cloud in this process, empty when entered and gone when left; one at a time.

    Args:
        workdir: a private directory for jobs, functions and models; it must outlive the cloud.
        account_id: the account of every resource.
        region: the one region there is.
        real_time: waiting takes the time that it says, instead of none.
        faults: what shall go wrong, as "NAME" or "NAME=VALUE"; LocalCloudError if that is none.
    """

    def __init__(
        self,
        *,
        workdir: Path,
        account_id: str = ANY_ACCOUNT,
        region: str = ANY_REGION,
        real_time: bool = False,
        faults: Iterable[str] = (),
    ) -> None:
        self._workdir = workdir
        self._account_id = account_id
        self._region = region
        self._real_time = real_time
        self._faults = Faults.chosen(faults)
        self._open = ExitStack()
        self.context: CloudContext

    @classmethod
    def for_assembly(
        cls,
        assembly: Path,
        *,
        workdir: Path,
        real_time: bool = False,
        faults: Iterable[str] = (),
    ) -> LocalCloud:
        """A cloud in the account and region that the cloud assembly is bound to, if it is."""
        bound_to = read_assembly(assembly)
        return cls(
            workdir=workdir,
            account_id=bound_to.account_id or ANY_ACCOUNT,
            region=bound_to.region or ANY_REGION,
            real_time=real_time,
            faults=faults,
        )

    def __enter__(self) -> LocalCloud:
        with self._open as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def deploy(
        self, assembly: Path, *, on_progress: Callable[[str, str], None] | None = None
    ) -> dict[str, dict[str, str]]:
        """Create or update every stack of the assembly; returns the outputs by stack name.

        LocalCloudError names the stack, the resource and the reason when something fails. The
        ledger is told how every property of their resources came back from its service.
        """
        outputs = deploy(read_assembly(assembly), self.context, on_progress=on_progress)
        write_down(read_back(self.context, outputs), self.context.ledger)
        return outputs

    def _start(self, opening: ExitStack) -> None:
        opening.enter_context(isolated())
        self._workdir.mkdir(parents=True, exist_ok=True)
        server = MotoServer(account_id=self._account_id)
        server.start()
        opening.callback(server.stop)
        clock = RealClock() if self._real_time else SkippingClock.from_a_full_hour()
        opening.callback(clock.close)
        keys = AccessKeys()
        clients = ClientFactory(endpoint_url=server.endpoint_url, region=self._region, keys=keys)
        event_bus = EventsWorker(clients=clients, clock=clock, account_id=self._account_id)
        self.context = CloudContext(
            clients=clients,
            clock=clock,
            ledger=Ledger(),
            events=event_bus,
            workdir=self._workdir,
            account_id=self._account_id,
            region=self._region,
            faults=self._faults,
        )
        patches = Patches()
        opening.callback(patches.undo)
        for worker in self._workers(patches, event_bus, keys):
            worker.start()
            opening.callback(worker.stop)

    def _workers(self, patches: Patches, event_bus: EventsWorker, keys: AccessKeys) -> list[Worker]:
        context = self.context
        stacks = cloudformation.install(patches, context=context)
        self._open.callback(stacks.close)
        authorizer = authorization.authorizer_of(context, stacks)
        refusal = authorization.install(
            patches,
            authorizer=authorizer,
            keys=keys,
            account_id=context.account_id,
            region=context.region,
        )
        s3.install(patches)
        s3_delete.install(patches)
        objects = context.workdir / "objects"
        self._open.callback(shutil.rmtree, objects, ignore_errors=True)
        s3_bodies.install(patches, folder=objects)
        s3_faults.install(patches, faults=context.faults)
        for service in (budgets, kms, logs, ssm, tags):
            service.install(patches)
        dynamodb.install(patches)
        stepfunctions.install(
            patches, clients=context.clients, clock=context.clock, faults=context.faults
        )
        events.install(patches, deliver=event_bus.deliver)
        alarms = AlarmsWorker(context)
        cloudwatch.install(patches, alarms=alarms, clock=context.clock)
        schedules = SchedulesWorker(context)
        scheduler.install(patches, schedules=schedules)
        events.install_schedules(patches, rules=schedules, deliver=event_bus.deliver)
        run_functions = FunctionsWorker(context)
        functions.install(patches, invoker=run_functions)
        delivery = DeliveryWorker(context)
        firehose.install(patches, delivery=delivery)
        event_sources_worker = EventSourcesWorker(
            context,
            event_sources.DeployedFunctions(
                invoker=run_functions, account_id=context.account_id, region=context.region
            ),
        )
        event_sources.install(patches, mappings=event_sources_worker)

        def stream_written(stream_arn: str) -> None:
            delivery.stream_written(stream_arn)
            event_sources_worker.written(stream_arn)

        kinesis_faults.install(patches, faults=context.faults, clock=context.clock)
        records = RecordStore(context.workdir / "streams")
        self._open.callback(records.close)
        kinesis.install(patches, clock=context.clock, written=stream_written, store=records)
        kinesis_metrics.install(patches, clock=context.clock)
        sns.install(patches, refusal=authorizer.handover_refusal)
        sqs.install(patches, clock=context.clock, written=event_sources_worker.written)
        spark_jobs = GlueWorker(context)
        glue.install(patches, start=spark_jobs.start_run, stop=spark_jobs.stop_run)
        training, hosting = TrainingWorker(context), HostingWorker(context)
        transform = TransformWorker(context)
        sagemaker.install(
            patches,
            clock=context.clock,
            events=context.events,
            training=training,
            hosting=hosting,
            transform=transform,
        )
        sagemaker_runtime.install(patches, invoke=hosting.invoke, refusal=refusal)
        # stopped in reverse: whoever hands work on ends before those who take it
        return [
            hosting,
            training,
            transform,
            run_functions,
            spark_jobs,
            event_bus,
            alarms,
            schedules,
            delivery,
            event_sources_worker,
        ]
