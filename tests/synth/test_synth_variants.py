"""Other descriptions than digits: what changes in the description changes in the template."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import (
    Delivery,
    Deployment,
    Environment,
    Field,
    Gate,
    Pipeline,
    RecordSchema,
    Serving,
    Stream,
    Training,
)
from tests.synth.conftest import Synthesized


@pytest.fixture(scope="module")
def meters(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A regression on four readings, trained on a GPU, in another region."""
    from aws_cdk import App

    from stacks.nag import add_nag_checks
    from stacks.pipeline_stage import PipelineStage

    digits = load()["digits"]
    pipeline = Pipeline(
        name="meters",
        description="Readings of a meter",
        sample=digits.sample,
        record_schema=RecordSchema(
            id_field="reading",
            label_field="level",
            record_kb=1,
            fields=(
                Field(name="reading", type="string"),
                Field(name="flow", type="number", length=3),
                Field(name="valve", type="integer"),
                Field(name="level", type="number"),
            ),
        ),
        stream=Stream(retention_hours=48),
        delivery=Delivery(
            buffer_mb=128, buffer_seconds=600, compression="GZIP", transform_buffer_mb=2
        ),
        prepare=digits.prepare,
        training=Training(
            algorithm="linear-learner",
            hyperparameters={"predictor_type": "binary_classifier"},
            instance_type="ml.g5.xlarge",
            instance_count=2,
            input_mode="File",
            content_type="application/x-recordio-protobuf",
            channels=("train", "validation"),
        ),
        gate=Gate(metric="validation:roc_auc_score", at_least=0.75, beats_serving=False),
        serving=Serving(instance_type="ml.g4dn.xlarge", instance_count=2),
    )
    environment = Environment(
        name="qa",
        account="111122223333",
        region="eu-central-1",
        log_retention_days=7,
        tags={"cost-center": "42"},
    )
    out = tmp_path_factory.mktemp("meters")
    app = App(context=context, outdir=str(out), builtin_cloud_formation_validation=False)
    deployment = Deployment(pipeline=pipeline, environment=environment)
    PipelineStage(app, deployment=deployment, allow_data_removal=False)
    add_nag_checks(app)
    app.synth()
    return Synthesized(out=out, stage="meters-qa")


def test_no_volume_and_no_key_for_it_where_the_storage_is_local_nvme(meters: Synthesized) -> None:
    job = meters.machine("Training")["States"]["Train"]["Parameters"]
    assert job["ResourceConfig"] == {
        "InstanceType": "ml.g5.xlarge",
        "InstanceCount": 2,
    }
    assert "KmsKeyId" not in meters.only("SageMaker::EndpointConfig")


def test_channels_mode_and_gate_are_the_descriptions(meters: Synthesized) -> None:
    states = meters.machine("Training")["States"]
    channels = states["Train"]["Parameters"]["InputDataConfig"]
    assert [(c["ChannelName"], c["InputMode"]) for c in channels] == [
        ("train", "File"),
        ("validation", "File"),
    ]
    selector = states["DescribeTraining"]["ResultSelector"]["metric_values.$"]
    assert "validation:roc_auc_score" in selector
    assert states["Gate"]["Choices"][1]["NumericGreaterThanEquals"] == 0.75


def test_a_gate_that_compares_nothing_scores_nothing(meters: Synthesized) -> None:
    states = meters.machine("Training")["States"]
    assert states["Gate"]["Choices"][1]["Next"] == "NotCompared"
    assert states["NotCompared"]["Next"] == "Register"
    assert "ScoreServedModel" not in states
    for statement in meters.statements("TrainingWorkflowRole"):
        assert not any("Transform" in action for action in statement["Action"])


def test_stream_delivery_and_table_are_the_descriptions(meters: Synthesized) -> None:
    stream = meters.only("Kinesis::Stream")
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in stream
    assert stream["RetentionPeriodHours"] == 48
    destination = meters.only("KinesisFirehose::DeliveryStream")[
        "ExtendedS3DestinationConfiguration"
    ]
    assert destination["BufferingHints"] == {"IntervalInSeconds": 600, "SizeInMBs": 128}
    serializer = destination["DataFormatConversionConfiguration"]["OutputFormatConfiguration"]
    assert serializer["Serializer"]["ParquetSerDe"]["Compression"] == "GZIP"
    columns = meters.only("Glue::Table")["TableInput"]["StorageDescriptor"]["Columns"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("reading", "string"),
        ("flow_0", "double"),
        ("flow_1", "double"),
        ("flow_2", "double"),
        ("valve", "bigint"),
        ("level", "double"),
    ]
    arguments = meters.only("Glue::Job")["DefaultArguments"]
    assert arguments["--feature_columns"] == "flow_0,flow_1,flow_2,valve"
    assert (arguments["--id_column"], arguments["--label_column"]) == ("reading", "level")


def test_an_account_and_a_region_of_its_own(meters: Synthesized) -> None:
    image = meters.machine("Training")["States"]["Train"]["Parameters"]["AlgorithmSpecification"]
    assert ".dkr.ecr.eu-central-1." in image["TrainingImage"]
    policy = meters.only("KMS::Key")["KeyPolicy"]["Statement"]
    services = [s["Principal"].get("Service") for s in policy]
    assert "logs.eu-central-1.amazonaws.com" in services


def test_retention_and_tags_of_the_environment(meters: Synthesized) -> None:
    for resource in meters.resources("Logs::LogGroup").values():
        assert resource["Properties"]["RetentionInDays"] == 7
    assert {"Key": "cost-center", "Value": "42"} in meters.only("Kinesis::Stream")["Tags"]


def test_the_endpoint_has_both_instances(meters: Synthesized) -> None:
    (variant,) = meters.only("SageMaker::EndpointConfig")["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.g4dn.xlarge", 2)
