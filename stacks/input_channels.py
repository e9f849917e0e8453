"""The channels of a training job, as CreateTrainingJob's InputDataConfig wants them."""

from __future__ import annotations

from typing import Any

from pipelines.spec import Training


def input_channels(training: Training, *, without: str | None = None) -> list[dict[str, Any]]:
    """All channels of the description, or all but one; the state's input has prepared_uri."""
    return [_channel(training, name) for name in training.channels if name != without]


def _channel(training: Training, name: str) -> dict[str, Any]:
    facts = training.facts
    return {
        "ChannelName": name,
        "ContentType": facts.content_type(name, training.content_type),
        "InputMode": training.input_mode,
        "CompressionType": "None",
        "RecordWrapperType": "None",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3DataDistributionType": training.distribution_of(name),
                "S3Uri.$": f"States.Format('{{}}{name}/', $.prepared_uri)",
            }
        },
    }
