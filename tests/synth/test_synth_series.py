"""A pipeline on time series without labels to train on: what its description turns into."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.synth.conftest import Synthesized, synthesized
from tests.synth.series import METERS


@pytest.fixture(scope="module")
def meters(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(context, tmp_path_factory.mktemp("series"), METERS)


def test_the_job_is_told_series_time_and_label_and_its_own_arguments(meters: Synthesized) -> None:
    arguments = meters.named("Glue::Job", "Prepare")["DefaultArguments"]
    told = {name: value for name, value in arguments.items() if name.endswith("_column")}
    assert told == {"--series_column": "meter", "--time_column": "at", "--label_column": "odd"}
    assert arguments["--feature_columns"] == "flow"
    assert arguments["--window_points"] == "8"
    assert arguments["--grid_seconds"] == "300"


def test_each_channel_is_distributed_and_labelled_as_the_algorithm_wants(
    meters: Synthesized,
) -> None:
    train, test = meters.machine("Training")["States"]["Train"]["Parameters"]["InputDataConfig"]
    assert (train["ContentType"], test["ContentType"]) == (
        "text/csv;label_size=0",
        "text/csv;label_size=1",
    )
    spread = [c["DataSource"]["S3DataSource"]["S3DataDistributionType"] for c in (train, test)]
    assert spread == ["ShardedByS3Key", "FullyReplicated"]


def test_producers_are_told_the_partition_key(meters: Synthesized, dev: Any) -> None:
    assert meters.outputs("ingestion")["PartitionKeyField"] == "meter"
    assert "PartitionKeyField" not in dev.outputs("ingestion")


def test_the_transform_knows_what_a_point_is_known_by(meters: Synthesized) -> None:
    function = meters.named("Lambda::Function", "Transform")
    schema = json.loads(function["Environment"]["Variables"]["RECORD_SCHEMA"])
    assert schema["identity_fields"] == ["meter", "at"]
    assert schema["fields"][1:] == [
        {"name": "at", "type": "timestamp"},
        {"name": "flow", "type": "number"},
        {"name": "odd", "type": "integer", "minimum": 0, "maximum": 1, "optional": True},
    ]


def test_the_lake_holds_times_as_text_and_the_label_as_a_number(meters: Synthesized) -> None:
    columns = meters.only("Glue::Table")["TableInput"]["StorageDescriptor"]["Columns"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("meter", "string"),
        ("at", "string"),
        ("flow", "double"),
        ("odd", "int"),
    ]
