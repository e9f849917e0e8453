"""A pipeline on time series without labels to train on: what its description turns into."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.input_channels import input_channels
from tests.synth.conftest import Synthesized, synthesized
from tests.synth.reading import as_list, text
from tests.synth.series import JUDGED_IF_LABELLED, METERS


@pytest.fixture(scope="module")
def meters(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(context, tmp_path_factory.mktemp("series"), METERS)


@pytest.fixture(scope="module")
def unjudged(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Meters whose models are registered also when nobody had labels for them."""
    pipeline = METERS.model_copy(update={"gate": JUDGED_IF_LABELLED})
    return synthesized(context, tmp_path_factory.mktemp("unjudged"), pipeline)


def test_the_job_is_told_series_time_and_label_and_its_own_arguments(meters: Synthesized) -> None:
    arguments = meters.named("Glue::Job", "Prepare")["DefaultArguments"]
    told = {name: value for name, value in arguments.items() if name.endswith("_column")}
    assert told == {"--series_column": "meter", "--time_column": "at", "--label_column": "odd"}
    assert arguments["--feature_columns"] == "flow"
    assert arguments["--window_points"] == "8"
    assert arguments["--grid_seconds"] == "300"
    assert arguments["--training_hosts"] == "2"


def test_each_channel_is_distributed_and_labelled_as_the_algorithm_wants(
    meters: Synthesized,
) -> None:
    train, test = meters.machine("Training")["States"]["Train"]["Parameters"]["InputDataConfig"]
    assert train["ContentType"] == test["ContentType"] == "application/x-recordio-protobuf"
    csv = input_channels(METERS.training.model_copy(update={"content_type": "text/csv"}))
    assert [channel["ContentType"] for channel in csv] == [
        "text/csv;label_size=0",
        "text/csv;label_size=1",
    ]
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


def test_the_test_channel_is_given_to_the_training_if_the_job_wrote_it(
    meters: Synthesized, unjudged: Synthesized
) -> None:
    states = unjudged.machine("Training")["States"]
    assert states["Prepare"]["Next"] == "LookForLabels"
    look = states["LookForLabels"]
    assert look["Resource"].endswith(":aws-sdk:s3:listObjectsV2")
    assert look["Parameters"]["Prefix.$"] == "States.Format('prepared/{}/test/', $.run)"
    assert look["Parameters"]["MaxKeys"] == 1
    assert look["ResultSelector"] == {"objects.$": "$.KeyCount"}
    assert (look["Next"], states["HasLabels"]["Default"]) == ("HasLabels", "WithoutLabels")
    (found,) = states["HasLabels"]["Choices"]
    assert (found["NumericGreaterThan"], found["Next"]) == (0, "WithLabels")
    train = meters.machine("Training")["States"]["Train"]
    channels = train["Parameters"].pop("InputDataConfig")
    for name, given in (("WithLabels", channels), ("WithoutLabels", channels[:1])):
        assert states[name]["Parameters"]["input"] == given
        assert states[name]["Next"] == "Train"
    assert states["Train"]["Parameters"].pop("InputDataConfig.$") == "$.channels.input"
    assert states["Train"] == train


def test_a_model_without_labels_passes_the_gate_unjudged_and_says_so(
    unjudged: Synthesized,
) -> None:
    states = unjudged.machine("Training")["States"]
    selector = states["DescribeTraining"]["ResultSelector"]["metric_values.$"]
    # also where there is no such list
    assert selector == "$..FinalMetricDataList[?(@.MetricName=='test:f1')].Value"
    choices = states["Gate"]["Choices"]
    assert [choice["Next"] for choice in choices] == ["NotJudged", "MetricMissing", "Judged"]
    assert choices[0]["And"] == [
        {"Variable": "$.labels.objects", "NumericEquals": 0},
        {"Variable": "$.metric_values[0]", "IsPresent": False},
    ]
    assert states["Gate"]["Default"] == "GateMissed"
    assert states["NotJudged"]["Parameters"] == {"metric_value": None, "in_words": "not judged"}
    assert {states[name]["Next"] for name in ("NotJudged", "Judged")} == {"NotCompared"}
    metadata = states["Register"]["Parameters"]["CustomerMetadataProperties"]
    assert metadata["metric_value.$"] == "$.judged.in_words"
    assert states["Summarize"]["Parameters"]["metric_value.$"] == "$.judged.metric_value"


def test_to_look_for_labels_the_machine_may_list_them_and_no_more(
    meters: Synthesized, unjudged: Synthesized
) -> None:
    role = "TrainingWorkflowRole"
    before = meters.statements(role)
    (more,) = (one for one in unjudged.statements(role) if one not in before)
    assert (as_list(more["Action"]), more["Effect"]) == (["s3:ListBucket"], "Allow")
    assert text(more["Resource"]).startswith("<digits-dev-lake:ExportsOutputFnGetAttLake")
    assert more["Condition"] == {"StringLike": {"s3:prefix": "prepared/*/test/"}}


def test_where_models_must_be_judged_nothing_looks_for_labels(meters: Synthesized) -> None:
    assert not {"LookForLabels", "Judged", "NotJudged"} & set(meters.machine("Training")["States"])
