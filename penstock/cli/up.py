"""`penstock up`: a local cloud that stays, for clients of one's own, until it is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from penstock.cli import connecting
from penstock.cli.connecting import Command, Example, Outputs
from penstock.cli.given import make_given
from penstock.cli.synth import synthesize
from penstock.cli.workplace import workplace
from penstock.localcloud.isolation import isolated
from penstock.scenario.feed import PartitionKey, digest_of, partition_key
from penstock.scenario.progress import STEPS_INTO_SERVICE, Step, Timeline

ENVIRONMENT = "dev"
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 900.0  # the buffers of Firehose take minutes in real time


class Interrupted(BaseException):
    """Ctrl-C, or a polite request to end (SIGTERM)."""


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """SIGINT and SIGTERM end the block; the event never comes true, it is for waiting on."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # the clean-up is not to be interrupted
        raise Interrupted

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with suppress(Interrupted):
            yield threading.Event()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stay_up(
    *,
    pipeline: str | None,
    accelerator: str | None,
    assembly: Path | None,
    records: list[bytes],
    then: Iterator[bytes],
    example: Example | None,
    records_per_second: float,
    say: Callable[[str], None],
) -> None:
    """Deploy, tell how to connect, feed, and stay until interrupted; nothing is left behind.

    Args:
        pipeline: a pipeline of this project; its dev stage is synthesized and deployed.
        accelerator: of those that the pipeline offers; None for its own choice.
        assembly: instead of a pipeline, any cloud assembly.
        records: what the pipeline is brought into service with.
        then: what is sent from then on.
        example: of the pipeline's records, for the commands that are told.
        records_per_second: the rate of what is sent then; 0 for nothing.
        say: prints a line.
    """
    with (
        until_interrupted() as never,
        isolated(),
        workplace() as folder,
    ):
        timeline = Timeline(_Lines(say), STEPS_INTO_SERVICE)
        if assembly is None:
            assembly = folder / "cdk.out"
            with timeline.step("synth"):
                synthesize(
                    out=assembly,
                    pipeline=pipeline,
                    environment=ENVIRONMENT,
                    validate=False,
                    accelerator=accelerator,
                )
        from penstock.localcloud.cloud import LocalCloud

        with LocalCloud.for_assembly(assembly, workdir=folder / "cloud", real_time=True) as cloud:
            cloud.context.authorization.told = lambda line: say(f"denied: {line}")
            with timeline.step("deploy"):
                if pipeline is not None:
                    make_given(cloud.context, pipeline=pipeline, environment=ENVIRONMENT)
                outputs = cloud.deploy(
                    assembly, on_progress=lambda stack, how: say(f"{stack} {how}")
                )
            clients = cloud.context.clients
            if example is not None:
                commands = connecting.for_pipeline(_all(outputs), example)
            else:
                commands = _for_any(clients.deployer("cloudformation"), outputs)
            told = connecting.lines(
                endpoint_url=clients.endpoint_url,
                region=cloud.context.region,
                commands=commands,
                outputs=outputs,
            )
            for line in told:
                say(line)
            if pipeline is not None:
                _bring_into_service(pipeline, clients.deployer, records, timeline, say)
            stream = _all(outputs).get("StreamName")
            if stream and records_per_second:
                kinesis = clients.deployer("kinesis")
                key_of = partition_key(_all(outputs).get("PartitionKeyField"))
                keep_feeding(kinesis, stream, then, records_per_second, never, key_of)
                say("the sample is at its end: no more records are sent")
            never.wait()


def _for_any(cloudformation: Any, stacks: Outputs) -> list[Command]:
    pages = cloudformation.get_paginator("list_stack_resources")
    return connecting.for_resources(
        (resource["ResourceType"], resource["PhysicalResourceId"])
        for stack in stacks
        for page in pages.paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
    )


def _all(outputs: Outputs) -> dict[str, str]:
    return {name: value for values in outputs.values() for name, value in values.items()}


def _bring_into_service(
    pipeline: str,
    client: Callable[[str], Any],
    records: list[bytes],
    timeline: Timeline,
    say: Callable[[str], None],
) -> None:
    """Feed, train and serve, as `penstock run` does; a failure is told and the cloud stays up."""
    from penstock.scenario.aws import Aws, Stage, StepFailedError
    from penstock.scenario.run import Scenario

    aws = Aws(client, poll_seconds=_POLL_SECONDS, patience_seconds=_PATIENCE_SECONDS)
    stage = Stage.read(aws, pipeline=pipeline, environment=ENVIRONMENT)
    scenario = Scenario(aws, stage, timeline, alone=False)
    try:
        asked = scenario.bring_into_service(records)
    except StepFailedError as error:
        say(f"not in service: {error}")
    else:
        say(
            f"not in service: {scenario.findings['not_served']}"
            if asked is None
            else f"in service: endpoint {stage['EndpointName']}"
        )


class _Lines:
    """Tells of the steps as they begin and end."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: tuple[str, str] = ("", "")

    def changed(self, step: Step) -> None:
        if self._told != (step.name, step.status):
            self._told = (step.name, step.status)
            self._say(f"{step.name} {step.status} {step.detail}".rstrip())


def keep_feeding(
    kinesis: Any,
    stream: str,
    records: Iterable[bytes],
    records_per_second: float,
    ended: threading.Event,
    key_of: PartitionKey = digest_of,
) -> None:
    """Send the records at this rate until `ended`."""
    for record in records:
        kinesis.put_record(StreamName=stream, Data=record, PartitionKey=key_of(record))
        if ended.wait(1 / records_per_second):
            return
