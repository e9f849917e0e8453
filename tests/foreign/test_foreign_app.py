"""A stranger's CDK app runs in the local cloud: its streams, its training, its endpoint."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.foreign.assembly import APP, STACK, TEMPLATE
from tests.foreign.observation import (
    HEARTBEATS,
    READINGS,
    UNREADABLE_INSPECTION,
    Observation,
    raw_of,
)
from tests.foreign.samples import broken, samples

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("foreign")]

OURS = {"penstock", "pipelines", "stacks", "jobs", "tests"}


def test_the_app_knows_nothing_of_this_project() -> None:
    files = list(APP.rglob("*.py"))
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not OURS & {name.split(".")[0] for name in names}, path


def test_every_reading_is_delivered_dropped_or_rejected(base: Observation) -> None:
    dropped = sum(said.get("heartbeats", 0) for said in base.writer_said)
    assert dropped == HEARTBEATS
    assert len(base.sent) == len(base.lines) + dropped + len(base.rejected)


def test_delivered_lines_are_the_writers_own(base: Observation) -> None:
    to_train, _ = samples()
    assert Counter(base.lines) == Counter(sample.line() for sample in to_train)
    for key in base.reading_keys:
        assert key.startswith(f"{READINGS}day=20"), key


def test_rejected_readings_keep_their_bytes(base: Observation) -> None:
    to_train, _ = samples()
    assert Counter(map(raw_of, base.rejected)) == Counter(broken(to_train[0]))
    for error in base.rejected:
        assert ":function:" in error["lambdaArn"]


def test_inspections_have_the_tables_columns(base: Observation) -> None:
    rows = sorted(base.inspections.to_pylist(), key=lambda row: row["machine"])
    assert rows == [
        {"machine": "lathe-1", "wear_mm": 1.5, "cycles": 88, "passed": False},
        {"machine": "press-4", "wear_mm": 0.25, "cycles": 1200, "passed": True},
    ]
    assert [str(field.type) for field in base.inspections.schema] == [
        "string",
        "double",
        "int32",
        "bool",
    ]
    (error,) = [json.loads(line) for line in base.unreadable]
    assert raw_of(error) == UNREADABLE_INSPECTION
    assert error["dataCatalogTable"]["tableName"] == "inspections"


def test_the_training_job_is_the_strangers(base: Observation) -> None:
    to_train, _ = samples()
    assert base.job["HyperParameters"]["mini_batch_size"] == "16"
    assert base.job["ModelArtifacts"]["S3ModelArtifacts"].endswith(
        "/models/base/output/model.tar.gz"
    )
    assert ":role/" in base.job["RoleArn"]
    assert len(to_train) == len(base.lines)


def test_the_endpoint_grades_what_it_has_not_seen(base: Observation) -> None:
    assert base.accuracy > 0.9


def test_the_ledger_accounts_for_every_resource_of_the_stack(
    base: Observation, assembly: Path
) -> None:
    template = json.loads((assembly / TEMPLATE).read_text())
    entries = {entry["resource"]: entry for entry in base.ledger["entries"]}
    assert {name for name in entries if name.startswith(f"{STACK}/")} == {
        f"{STACK}/{logical_id}" for logical_id in template["Resources"]
    }
    life = {entry["type"]: entry["life"] for entry in entries.values()}
    assert life["AWS::KinesisFirehose::DeliveryStream"] == "live"
    assert life["AWS::StepFunctions::StateMachine"] == "live"
    assert life["AWS::IAM::Role"] == "live"
    assert {"AWS::Lambda::Function", "SageMaker training image"} <= {
        entry["type"] for entry in base.ledger["substituted"]
    }
