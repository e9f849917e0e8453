"""`penstock up`: a local cloud that stays, for clients of one's own, until it is interrupted."""

from __future__ import annotations

import itertools
import shlex
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from penstock.cli.synth import synthesize
from penstock.localcloud.isolation import isolated

ENVIRONMENT = "dev"
Outputs = dict[str, dict[str, str]]


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
    assembly: Path | None,
    records: list[bytes],
    records_per_second: float,
    say: Callable[[str], None],
) -> None:
    """Deploy, tell how to connect, feed, and stay until interrupted; nothing is left behind.

    Args:
        pipeline: a pipeline of this project; its dev stage is synthesized and deployed.
        assembly: instead of a pipeline, any cloud assembly.
        records: sent to the output StreamName once the stacks are there.
        records_per_second: then the same records again and again, at this rate; 0 for no more.
        say: prints a line.
    """
    with (
        until_interrupted() as never,
        isolated(),
        tempfile.TemporaryDirectory(prefix="penstock-") as folder,
    ):
        if assembly is None:
            assembly = Path(folder) / "cdk.out"
            say("synthesizing")
            synthesize(out=assembly, pipeline=pipeline, environment=ENVIRONMENT, validate=False)
        from penstock.localcloud.cloud import LocalCloud

        with LocalCloud.for_assembly(
            assembly, workdir=Path(folder) / "cloud", real_time=True
        ) as cloud:
            outputs = cloud.deploy(assembly, on_progress=lambda stack, how: say(f"{stack} {how}"))
            clients = cloud.context.clients
            for line in connection_lines(clients.endpoint_url, cloud.context.region, outputs):
                say(line)
            stream = _all(outputs).get("StreamName")
            if stream and records:
                _feed(clients.deployer("kinesis"), stream, records, say)
                if records_per_second:
                    _keep_feeding(
                        clients.deployer("kinesis"), stream, records, records_per_second, never
                    )
            never.wait()


def connection_lines(endpoint_url: str, region: str, outputs: Outputs) -> list[str]:
    """What to paste into another terminal: the environment, then commands for what is there."""
    lines = [
        "",
        "In another terminal (boto3, the AWS CLI and everything built on them):",
        f"export AWS_ENDPOINT_URL={endpoint_url} AWS_DEFAULT_REGION={region}",
        "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
        "",
    ]
    found = _all(outputs)
    commands = {
        "StreamName": "aws kinesis put-record --partition-key 1 --data file://record.json "
        "--cli-binary-format raw-in-base64-out --stream-name {}",
        "LakeBucketName": "aws s3 ls --recursive s3://{}",
        "TrainingStateMachineArn": "aws stepfunctions start-execution --state-machine-arn {}",
        "EndpointName": "aws sagemaker-runtime invoke-endpoint --content-type text/csv "
        "--cli-binary-format raw-in-base64-out --body file://rows.csv --endpoint-name {} "
        "/dev/stdout",
    }
    lines += [
        command.format(shlex.quote(found[output]))
        for output, command in commands.items()
        if output in found
    ]
    lines += ["", "Outputs of the stacks:"]
    lines += [
        f"  {stack}.{name} = {value}"
        for stack, values in outputs.items()
        for name, value in values.items()
    ]
    return [*lines, "", "Up. Buffers and schedules take their real time. Ctrl-C ends everything."]


def _all(outputs: Outputs) -> dict[str, str]:
    return {name: value for values in outputs.values() for name, value in values.items()}


def _feed(kinesis: Any, stream: str, records: list[bytes], say: Callable[[str], None]) -> None:
    from penstock.scenario.feed import feed

    sent, failed = feed(kinesis, stream_name=stream, records=records, sent_so_far=lambda _: None)
    say(f"{sent - failed} sample records are on the stream {stream}")


def _keep_feeding(
    kinesis: Any,
    stream: str,
    records: list[bytes],
    records_per_second: float,
    never: threading.Event,
) -> None:
    for record in itertools.cycle(records):
        kinesis.put_record(StreamName=stream, Data=record, PartitionKey=str(hash(record)))
        never.wait(1 / records_per_second)
