"""A statement taken out of the templates for real: the run is denied what the replay says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.synth import synthesize
from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.context import CloudContext
from tests.iam.runs import Run
from tests.waiting import eventually

RECORD = json.dumps({"id": 1, "pixels": [0] * 64, "label": 1}).encode()


@dataclass(frozen=True)
class Removal:
    """Which statement, and what then asks for it.

    `carrier` begins the logical id of the role or key, `action` is one of the statement's.
    """

    stack: str
    carrier: str
    action: str
    use: Callable[[CloudContext], None]
    sid: str = ""


def _feed(context: CloudContext) -> None:
    """A record on its way into the lake."""
    kinesis = context.clients.deployer("kinesis")
    (stream,) = kinesis.list_streams()["StreamNames"]
    kinesis.put_record(StreamName=stream, Data=RECORD, PartitionKey="1")


def _drift(context: CloudContext) -> None:
    """The monitor's alarm goes off."""
    cloudwatch = context.clients.deployer("cloudwatch")
    (name,) = (
        alarm["AlarmName"]
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if "Violations" in alarm["AlarmName"]
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")


REMOVALS = (
    Removal("ingestion", "DeliveryRole", "kinesis:GetRecords", _feed),
    Removal("ingestion", "DeliveryRole", "lambda:InvokeFunction", _feed),
    Removal("ingestion", "TransformRole", "logs:PutLogEvents", _feed),
    Removal("monitoring", "RetrainRuleRole", "states:StartExecution", _drift),
    Removal("foundation", "Key", "kms:GenerateDataKey*", _drift, sid="AlarmsToTheAlertsTopic"),
)


def _without(template: dict[str, Any], removal: Removal) -> None:
    """Takes the statement out of the template."""
    (resource,) = (
        resource
        for name, resource in template["Resources"].items()
        if name.startswith(removal.carrier)
        and "Properties" in resource
        and resource["Type"] in ("AWS::IAM::Role", "AWS::KMS::Key")
    )
    properties = resource["Properties"]
    document = (
        properties["KeyPolicy"]
        if "KeyPolicy" in properties
        else properties["Policies"][0]["PolicyDocument"]
    )
    left = [statement for statement in document["Statement"] if not _is(statement, removal)]
    assert len(left) == len(document["Statement"]) - 1
    document["Statement"] = left
    if not left:  # IAM knows no policy without a statement
        del properties["Policies"]


def _is(statement: dict[str, Any], removal: Removal) -> bool:
    written = statement["Action"]
    actions = [written] if isinstance(written, str) else written
    return removal.action in actions and removal.sid == statement.get("Sid", "")


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits as it is deployed."""
    out = tmp_path_factory.mktemp("removals") / "cdk.out"
    synthesize(out=out, pipeline="digits", environment="dev", validate=False)
    return out


@contextmanager
def changed(assembly: Path, removal: Removal) -> Iterator[None]:
    """The template without the statement, for as long as the block runs."""
    (template,) = assembly.glob(f"assembly-digits-dev/*{removal.stack}*.template.json")
    before = template.read_text()
    content = json.loads(before)
    _without(content, removal)
    template.write_text(json.dumps(content))
    try:
        yield
    finally:
        template.write_text(before)


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda one: f"{one.carrier} {one.action}")
def test_a_run_without_the_statement_is_denied_what_the_replay_says(
    assembly: Path, removal: Removal, runs: list[Run], tmp_path: Path
) -> None:
    (digits,) = (run for run in runs if run.name == "digits")
    (piece,) = (
        piece
        for piece in digits.used
        if piece.document.stack.endswith(removal.stack)
        and piece.document.logical_id.startswith(removal.carrier)
        and piece.action == removal.action
        and removal.sid == piece.document.statements[piece.index].get("Sid", "")
    )
    predicted = {
        recorded.action
        for recorded in digits.replay.denied_without_statement(piece.document, piece.index)
    }
    with (
        changed(assembly, removal),
        LocalCloud.for_assembly(assembly, workdir=tmp_path / "cloud") as cloud,
    ):
        cloud.deploy(assembly)
        record = cloud.context.authorization
        removal.use(cloud.context)
        eventually(record.denied_lines)
        denied = [entry for entry in record.entries() if entry["verdict"] != "allowed"]
        assert {entry["action"] for entry in denied} <= predicted
        name = "cloudwatch.amazonaws.com" if removal.sid else removal.carrier
        for line in record.denied_lines():
            assert name in line
            assert "this statement would allow it: {" in line
