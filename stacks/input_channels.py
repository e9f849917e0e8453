"""The channels of a training job, as CreateTrainingJob's InputDataConfig wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.spec import ScriptTraining, TrainingJob


def input_channels(training: TrainingJob, *, without: str | None = None) -> list[dict[str, Any]]:
    """All channels of the description, or all but one; the state's input has prepared_uri."""
    files = training.files if isinstance(training, ScriptTraining) else ()
    return [
        *(_rows_channel(training, name) for name in training.channels if name != without),
        *(file_channel(name, _below_prepared(name)) for name in files),
    ]


def file_channel(name: str, address: Mapping[str, str]) -> dict[str, Any]:
    """Files that all machines get; `address` is S3Uri, or where the state finds it."""
    return _channel(name, mode="File", distribution="FullyReplicated", address=address)


def _rows_channel(training: TrainingJob, name: str) -> dict[str, Any]:
    channel = _channel(
        name,
        mode=training.input_mode,
        distribution=training.distribution_of(name),
        address=_below_prepared(name),
    )
    content_type = training.facts.content_type(name, training.content_type)
    return {"ChannelName": name, "ContentType": content_type, **channel}


def _channel(
    name: str, *, mode: str, distribution: str, address: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "InputMode": mode,
        "CompressionType": "None",
        "RecordWrapperType": "None",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3DataDistributionType": distribution,
                **address,
            }
        },
    }


def _below_prepared(name: str) -> dict[str, str]:
    return {"S3Uri.$": f"States.Format('{{}}{name}/', $.prepared_uri)"}
