"""Ten properties of the foreign template, changed one by one: each changes what is observed."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from tests.foreign.assembly import Edit, put
from tests.foreign.observation import (
    SETTLE_SECONDS,
    Observation,
    archive_frames,
    inspect,
    raw_of,
    train_on_placed_lines,
    write_lines,
)
from tests.foreign.plant import Plant, until
from tests.foreign.samples import samples

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("foreign")]

DELIVERY = "AWS::KinesisFirehose::DeliveryStream"
FUNCTION = "AWS::Lambda::Function"
MACHINE = "AWS::StepFunctions::StateMachine"
TABLE = "AWS::Glue::Table"
DESTINATION = "ExtendedS3DestinationConfiguration"
TRAIN = "DefinitionString.States.Train grader.Parameters"

WithChange = Callable[[Edit], Plant]


def archive(path: str, value: object) -> Edit:
    return put("Archive", DELIVERY, f"{DESTINATION}.{path}", value)


def test_buffer_size_decides_how_many_objects_there_are(
    base: Observation, with_change: WithChange
) -> None:
    plant = with_change(archive("BufferingHints.SizeInMBs", 5))
    assert len(archive_frames(plant).keys) == 1
    assert len(base.archived.keys) > 1


def test_prefix_decides_where_objects_are(base: Observation, with_change: WithChange) -> None:
    plant = with_change(archive("Prefix", "stills/year=!{timestamp:yyyy}/"))
    found = archive_frames(plant).keys
    assert [key for key in found if key.startswith("stills/year=20")] == list(found)
    # a prefix with a time expression gets no default layout appended
    assert {key.count("/") for key in found} == {2}
    # one without gets year, month, day and hour
    assert [key for key in base.archived.keys if key.startswith("frames/20")] == list(
        base.archived.keys
    )
    assert {key.count("/") for key in base.archived.keys} == {5}


def test_compression_decides_what_the_bytes_are(base: Observation, with_change: WithChange) -> None:
    plant = with_change(archive("CompressionFormat", "UNCOMPRESSED"))
    assert archive_frames(plant).holds_all(bytes)
    assert base.archived.holds_all(gzip.decompress)


def test_handler_decides_which_function_runs(base: Observation, with_change: WithChange) -> None:
    few = samples()[0][:5]
    plant = with_change(put("Readings", FUNCTION, "Handler", "lines.semicolon_separated"))
    assert write_lines(plant, few) == sorted(sample.line(";") for sample in few)
    assert {sample.line(",") for sample in few} <= set(base.lines)


def test_environment_reaches_the_function(base: Observation, with_change: WithChange) -> None:
    few = samples()[0][15:25]
    assert len({sample.defect for sample in few}) == 2
    plant = with_change(
        put("Readings", FUNCTION, "Environment.Variables.DEFECT_DIAGNOSIS", "benign")
    )
    assert write_lines(plant, few) == sorted(sample.line(grade=not sample.defect) for sample in few)
    assert {sample.line() for sample in few} <= set(base.lines)


def test_timeout_ends_a_slow_function(base: Observation, with_change: WithChange) -> None:
    sample = samples()[0][0]
    slow = sample.reading(settle_seconds=SETTLE_SECONDS)
    assert slow in base.sent
    assert sample.line() in base.lines
    plant = with_change(put("Readings", FUNCTION, "Timeout", 1))
    plant.send_readings([slow])
    (error,) = until(plant.rejected, "the slow reading is rejected")
    assert raw_of(error) == slow
    assert error["attemptsMade"] == 2  # one and NumberOfRetries
    assert plant.lines("telemetry/readings/") == []
    assert any(
        "timed out after 1.00 seconds" in m for _, m in plant.log(plant.outputs["WriterLogs"])
    )


def test_hyperparameter_reaches_the_trainer(base: Observation, with_change: WithChange) -> None:
    plant = with_change(put("GraderMachine", MACHINE, f"{TRAIN}.HyperParameters.epochs", "3"))
    assert train_on_placed_lines(plant, "three").epochs == 3
    assert base.trained.epochs == 20


def test_channel_mode_decides_how_data_reach_the_trainer(
    base: Observation, with_change: WithChange
) -> None:
    plant = with_change(
        put("GraderMachine", MACHINE, f"{TRAIN}.InputDataConfig.0.InputMode", "Pipe")
    )
    piped = train_on_placed_lines(plant, "piped")
    assert "Downloading" not in piped.statuses
    assert piped.streamed_epochs == piped.epochs == 20  # the data come anew for each epoch
    assert "Downloading" in base.trained.statuses
    assert base.trained.streamed_epochs == 1


def test_instance_count_decides_how_many_hosts_train(
    base: Observation, with_change: WithChange
) -> None:
    plant = with_change(put("GraderMachine", MACHINE, f"{TRAIN}.ResourceConfig.InstanceCount", 2))
    assert train_on_placed_lines(plant, "two").hosts == {"algo-1", "algo-2"}
    assert base.trained.hosts == {"algo-1"}


def test_table_column_decides_the_parquet_type(base: Observation, with_change: WithChange) -> None:
    path = "TableInput.StorageDescriptor.Columns.2.Type"
    plant = with_change(put("Inspections", TABLE, path, "string"))
    table = inspect(plant)
    assert str(table.schema.field("cycles").type) == "string"
    assert sorted(table.column("cycles").to_pylist()) == ["1200", "88"]
    assert str(base.inspections.schema.field("cycles").type) == "int32"
